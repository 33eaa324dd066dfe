"""Items that move over the plane step by step: play, pause, one step, back to the start."""

import base64
from typing import Any

import numpy as np

from app.components import register
from app.experiment import TUTORIAL_THRESHOLD, Experiment

_MOUNT = register(
    "point_play",
    shares=("plot",),
    html="""
<div class="root">
  <canvas class="plane" role="img"></canvas>
  <div class="side">
    <div class="buttons" role="group">
      <button type="button" class="play"></button>
      <button type="button" class="step" data-word="step"></button>
      <button type="button" class="reset" data-word="reset"></button>
    </div>
    <input type="range" min="0" step="1">
    <dl>
      <div><dt data-word="at"></dt><dd data-value="at"></dd></div>
      <div><dt data-word="loss"></dt><dd data-value="loss"></dd></div>
      <div><dt class="same-name" data-word="same"></dt><dd data-value="same"></dd></div>
      <div><dt class="different-name" data-word="different"></dt><dd data-value="different"></dd></div>
      <div><dt data-value="right_name"></dt><dd data-value="right"></dd></div>
    </dl>
  </div>
</div>
""",
)


def point_play(name: str, experiment: Experiment, images: np.ndarray, *, key: str) -> None:
    """Mount the experiment called `name`; `images` uint8 (n, 28, 28) are its items."""
    data: dict[str, Any] = {
        "name": name,
        "images": [base64.b64encode(image.tobytes()).decode("ascii") for image in images],
        "points": experiment.way.points.round(7).tolist(),
        "margin": experiment.case.margin,
        "threshold": TUTORIAL_THRESHOLD,
        "loss": experiment.way.losses.tolist(),
        "same": experiment.same.tolist(),
        "different": experiment.different.tolist(),
        "accuracy": experiment.accuracy.tolist(),
    }
    _MOUNT(key=key, data=data)
