"""Distances of all test pairs and a threshold to drag: how many pairs it decides rightly."""

import base64

import numpy as np

from app.components import register

_MOUNT = register(
    "accuracy_plot",
    shares=("plot",),
    html="""
<div class="root">
  <div class="plot">
    <svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg>
    <i class="tick half"><span data-word="half"></span></i>
    <i class="tick own"><span data-word="own"></span></i>
    <i class="needle"></i>
    <input type="range" min="0" step="0.001">
  </div>
  <p class="axis"><span class="same-name" data-word="same_pairs"></span> ·
    <span class="different-name" data-word="different_pairs"></span> · <span data-word="axis"></span></p>
  <dl>
    <div><dt data-word="threshold"></dt><dd data-value="threshold"></dd></div>
    <div><dt data-word="accuracy"></dt><dd data-value="accuracy"></dd></div>
    <div><dt data-word="right"></dt><dd data-value="right"></dd></div>
    <div><dt data-word="too_far"></dt><dd data-value="too_far"></dd></div>
    <div><dt data-word="too_near"></dt><dd data-value="too_near"></dd></div>
  </dl>
</div>
""",
)


def accuracy_plot(
    distances: np.ndarray, is_same: np.ndarray, *, threshold: float, own: float, half: float, key: str
) -> None:
    """Mount the plot.

    Args:
        distances: float32 (p,).
        is_same: bool (p,).
        threshold: where the slider starts; `own` is the model's, `half` the tutorial's.
        own: See `threshold`.
        half: See `threshold`.
    """
    kinds = {"same": distances[is_same], "different": distances[~is_same]}
    data = {
        **{kind: base64.b64encode(np.sort(of_kind).tobytes()).decode("ascii") for kind, of_kind in kinds.items()},
        "threshold": threshold,
        "own": own,
        "half": half,
    }
    _MOUNT(key=key, data=data)
