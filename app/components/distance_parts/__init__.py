"""Why two items are this far apart: each dimension's share, and what moves the distance when it is hidden."""

import base64

import numpy as np

from app.components import register
from siamese_core.explanation import Explanation

_MOUNT = register(
    "distance_parts",
    html="""
<div class="root">
  <figure class="a"><canvas width="28" height="28" role="img"></canvas><figcaption></figcaption></figure>
  <div class="middle">
    <svg class="dimensions" role="img"></svg>
    <p class="sum"></p>
    <div class="scale"><span class="low"></span><i></i><span class="high"></span></div>
    <p class="key"><span data-word="hidden"></span>
      <b class="closer" data-word="closer"></b> · <b class="farther" data-word="farther"></b></p>
  </div>
  <figure class="b"><canvas width="28" height="28" role="img"></canvas><figcaption></figcaption></figure>
</div>
""",
)


def distance_parts(parts: Explanation, *, distance: float, key: str) -> None:
    """Mount the parts of a distance."""
    data = {
        "embeddings": np.round(parts.embeddings.astype(float), 4).tolist(),
        "squares": np.round(parts.squares, 10).tolist(),
        "images": [base64.b64encode(image.tobytes()).decode() for image in parts.images],
        "heats": np.round(parts.heats.astype(float), 4).reshape(len(parts.heats), -1).tolist(),
        "distance": distance,
    }
    _MOUNT(key=key, data=data)
