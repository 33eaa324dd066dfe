"""One slot of the comparison: its letter, its name, and what the network sees."""

import base64
from collections.abc import Callable

import numpy as np

from app.components import png_address, register

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
    <figure hidden><img alt=""><figcaption data-word="given"></figcaption></figure>
  </div>
  <div class="note" data-word="seen"></div>
</button>
""",
)


def slot_card(
    letter: str,
    *,
    title: str,
    caption: str,
    image: np.ndarray,
    given: np.ndarray | None,
    active: bool,
    compact: bool,
    key: str,
    on_activate: Callable[[], None],
) -> None:
    """Mount the card. A click calls `on_activate`.

    Args:
        image: uint8 (28, 28), what the network sees.
        given: uint8 (h, w), the picture as the visitor gave it, when it is another one.
        compact: a small picture beside the name, where the pad stands below.
    """
    data = {
        "letter": letter,
        "title": title,
        "caption": caption,
        "pixels": base64.b64encode(np.ascontiguousarray(image).tobytes()).decode("ascii"),
        "given": None if given is None or compact else png_address(given),
        "active": active,
        "compact": compact,
    }
    _MOUNT(key=key, data=data, on_activate_change=on_activate)
