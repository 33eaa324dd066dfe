"""The verdict in words, with a gauge: the distance against threshold and margin."""

import math
from dataclasses import dataclass

from app.components import register
from app.words import say, write_number, write_share
from siamese_core.calibration import is_unsure
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
        base_rate: the share of same pairs that the visitor expects.
    """

    band: tuple[float, float] | None
    sureness: float
    p_same: float
    base_rate: float

    @property
    def unsure(self) -> bool:
        """Whether the pair that is shown is left undecided."""
        return bool(is_unsure(self.p_same, self.sureness))


def verdict_gauge(comparison: Comparison, *, margin: float | None, is_same: bool | None, doubt: Doubt, key: str) -> str:
    """Mount the verdict and its gauge, and return its word; the scale ends at a round number beyond all three values.

    Args:
        margin: the training's margin; None where the recipe has none.
        is_same: the truth by the items' labels; None where an item has no label.
        doubt: where there is no verdict.
    """
    distance, threshold = comparison.distance, comparison.threshold
    limit = math.ceil(2 * max(distance * 1.05, threshold * 1.25, (margin or 0.0) * 1.25)) / 2
    kind = "unsure" if doubt.unsure else "same" if comparison.same else "different"
    word = say(f"verdict.{kind}")
    scale = {
        "word": word,
        "distance": write_number(distance, 4),
        "threshold": write_number(threshold, 4),
        "limit": write_number(limit, 1),
    }
    if margin is None:
        description = say("verdict.description", **scale)
    else:
        description = say("verdict.description_margin", **scale, margin=write_number(margin, 2))
    data = {
        "distance": distance,
        "threshold": threshold,
        "margin": margin,
        "kind": kind,
        "band": doubt.band,
        "limit": limit,
        "word": word,
        "reason": explain(comparison, is_same, doubt),
        "description": description,
    }
    _MOUNT(key=key, data=data)
    return word


def explain(comparison: Comparison, is_same: bool | None, doubt: Doubt) -> str:
    """Why the verdict is what it is, and whether the labels agree."""
    if doubt.unsure:
        return say("verdict.improbable", sureness=write_share(doubt.sureness, 0))
    reason = say("verdict.within" if comparison.same else "verdict.beyond")
    if is_same is None:
        return reason
    return say("verdict.confirmed" if is_same == comparison.same else "verdict.contradicted", reason=reason)
