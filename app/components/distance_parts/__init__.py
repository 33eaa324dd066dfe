"""Why two items are this far apart: each dimension's share, and what moves the distance when it is hidden."""

import base64

import numpy as np

from app.components import register

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


def distance_parts(
    embeddings: np.ndarray, squares: np.ndarray, images: np.ndarray, heats: np.ndarray, *, distance: float, key: str
) -> None:
    """Mount the parts of a distance.

    Args:
        embeddings: (2, d).
        squares: (d,), they sum to the distance squared.
        images: uint8 (2, 28, 28).
        heats: (2, 28, 28), how hiding a pixel's surroundings moves the distance.
    """
    data = {
        "embeddings": np.round(embeddings.astype(float), 4).tolist(),
        "squares": np.round(squares, 10).tolist(),
        "images": [base64.b64encode(image.tobytes()).decode() for image in images],
        "heats": np.round(heats.astype(float), 4).reshape(len(heats), -1).tolist(),
        "distance": distance,
    }
    _MOUNT(key=key, data=data)
