"""One slot of the comparison: its letter, its name, and what the network sees."""

import base64
from collections.abc import Callable

import numpy as np

from app.components import register

_MOUNT = register(
    "slot_card",
    html="""
<button type="button" class="card">
  <span class="head">
    <span class="letter"></span>
    <span class="words"><div class="title"></div> <div class="caption"></div></span>
  </span>
  <div class="pictures">
    <canvas class="seen" width="28" height="28"></canvas>
    <figure hidden><img alt=""><figcaption>as given</figcaption></figure>
  </div>
  <div class="note">What the network sees, 28 × 28</div>
</button>
""",
)


def slot_card(
    letter: str,
    *,
    title: str,
    caption: str,
    image: np.ndarray,
    given: bytes | None,
    active: bool,
    key: str,
    on_activate: Callable[[], None],
) -> None:
    """Mount the card. A click calls `on_activate`.

    Args:
        image: uint8 (28, 28), what the network sees.
        given: PNG of the picture as the visitor gave it, when it is another one.
    """
    data = {
        "letter": letter,
        "title": title,
        "caption": caption,
        "pixels": base64.b64encode(np.ascontiguousarray(image).tobytes()).decode("ascii"),
        "given": f"data:image/png;base64,{base64.b64encode(given).decode('ascii')}" if given else None,
        "active": active,
    }
    _MOUNT(key=key, data=data, on_activate_change=on_activate)
