"""The verdict in words, with a gauge: the distance against threshold and margin."""

import math
from dataclasses import dataclass

from app.components import register
from siamese_core.comparison import Comparison

_MOUNT = register(
    "verdict_gauge",
    html="""
<div class="root">
  <div class="verdict" role="status">
    <span class="word">
      <svg class="equal" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 10.5 8.2 15 16 5.5"/></svg>
      <svg class="unsure" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 11c2-4 4-4 6-1s4 3 6-1"/></svg>
      <svg class="unequal" viewBox="0 0 20 20" aria-hidden="true"><path d="M5 5l10 10M15 5 5 15"/></svg>
      <b></b>
    </span>
    <span class="reason"></span>
  </div>
  <div class="gauge" role="img">
    <div class="track"><div class="near"></div><div class="band"></div></div>
    <div class="tick margin"><span></span></div>
    <div class="tick threshold"><span></span></div>
    <div class="needle"></div>
    <span class="end low">0</span><span class="end high"></span>
  </div>
</div>
""",
)


@dataclass(frozen=True)
class Doubt:
    """Where the app does not decide.

    Attributes:
        band: from which to which distance; None where it always decides.
        sureness: how probable its verdict must be.
        p_same: of the pair that is shown.
    """

    band: tuple[float, float] | None
    sureness: float
    p_same: float

    @property
    def unsure(self) -> bool:
        """Whether the pair that is shown is left undecided."""
        return max(self.p_same, 1.0 - self.p_same) < self.sureness


def verdict_gauge(
    comparison: Comparison, *, margin: float | None, is_same: bool | None, doubt: Doubt, key: str
) -> None:
    """Mount the verdict and its gauge; the scale ends at a round number beyond all three values.

    Args:
        margin: the training's margin; None where the recipe has none.
        is_same: the truth by the items' labels; None where an item has no label.
        doubt: where there is no verdict.
    """
    distance, threshold = comparison.distance, comparison.threshold
    limit = math.ceil(2 * max(distance * 1.05, threshold * 1.25, (margin or 0.0) * 1.25)) / 2
    word = "Same" if comparison.same else "Different"
    reason = "within the threshold" if comparison.same else "beyond the threshold"
    if is_same is not None:
        reason += ", and so say the labels" if is_same == comparison.same else ", but the labels say otherwise"
    if doubt.unsure:
        word, reason = "Not sure", f"less than {doubt.sureness:.0%} probable, same or different"
    description = f"{word}: distance {distance:.4f}, threshold {threshold:.4f}"
    if margin is not None:
        description += f", margin {margin:.2f}"
    data = {
        "distance": distance,
        "threshold": threshold,
        "margin": margin,
        "kind": "unsure" if doubt.unsure else "same" if comparison.same else "different",
        "band": doubt.band,
        "limit": limit,
        "word": word,
        "reason": reason,
        "description": f"{description}, on a scale from 0 to {limit:.1f}",
    }
    _MOUNT(key=key, data=data)
