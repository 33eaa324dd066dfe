"""An image as the network gets it: every pixel a number, read under the pointer."""

import base64

import numpy as np

from app.components import register

_MOUNT = register(
    "pixel_view",
    html="""
<div class="root">
  <canvas class="large" width="28" height="28" tabindex="0" role="img"></canvas>
  <div class="side">
    <p class="reading" role="status"></p>
    <div class="choices" role="group"></div>
  </div>
</div>
""",
)


def pixel_view(images: np.ndarray, names: tuple[str, ...], *, key: str) -> None:
    """Mount the view of images uint8 (n, 28, 28) with their names; the pointer or the arrow keys read a pixel."""
    data = {"images": [base64.b64encode(image.tobytes()).decode("ascii") for image in images], "names": names}
    _MOUNT(key=key, data=data)
