"""From two images to their distance, one dimension at a time: embeddings, difference, square, sum, root."""

import base64

import numpy as np

from app.components import register

_MOUNT = register(
    "distance_walk",
    shares=("plot",),
    html="""
<div class="root">
  <div class="images">
    <figure><canvas class="image a" width="28" height="28" role="img"></canvas><figcaption>A</figcaption></figure>
    <figure><canvas class="image b" width="28" height="28" role="img"></canvas><figcaption>B</figcaption></figure>
  </div>
  <div class="walk">
    <div class="plot">
      <div class="row" data-row="a"><span>a</span><svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg></div>
      <div class="row" data-row="b"><span>b</span><svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg></div>
      <div class="row" data-row="gap"><span>a − b</span><svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg></div>
      <div class="row" data-row="square"><span>(a − b)²</span><svg viewBox="0 0 1 1"
        preserveAspectRatio="none"></svg></div>
      <i class="needle"></i>
      <input type="range" min="1" step="1">
    </div>
    <p class="axis" data-value="dimension"></p>
    <table><tbody>
      <tr><td>a</td><td data-value="a"></td></tr>
      <tr><td>b</td><td data-value="b"></td></tr>
      <tr><td>a − b</td><td data-value="gap"></td></tr>
      <tr><td>(a − b)²</td><td data-value="square"></td></tr>
      <tr><td data-value="sum_name"></td><td data-value="sum"></td></tr>
      <tr class="root-row"><td data-value="root_name"></td><td data-value="root"></td></tr>
    </tbody></table>
  </div>
</div>
""",
)


def distance_walk(
    images: np.ndarray, embeddings: np.ndarray, squares: np.ndarray, *, distance: float, key: str
) -> None:
    """Mount the walk.

    Args:
        images: uint8 (2, 28, 28).
        embeddings: (2, d).
        squares: (d,), they sum to the distance squared.
    """
    a, b = embeddings
    data = {
        "images": [base64.b64encode(image.tobytes()).decode("ascii") for image in images],
        "a": a.tolist(),
        "b": b.tolist(),
        "gap": (a - b).tolist(),
        "square": squares.tolist(),
        "distance": distance,
    }
    _MOUNT(key=key, data=data)
