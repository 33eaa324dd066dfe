"""A pad to draw an item on, with mouse, finger or pen."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.components import register

_MOUNT = register(
    "sketch_pad",
    html="""
<div class="pad">
  <canvas width="280" height="280" role="img"></canvas>
  <div class="tools">
    <div class="buttons">
      <button type="button" class="undo">Undo</button>
      <button type="button" class="clear">Clear</button>
    </div>
    <label>Brush width <input type="range" min="4" max="44" step="2" value="18"></label>
    <p class="hint">Draw an outline or fill it in, white on black. It is compared as you draw.</p>
  </div>
</div>
""",
)
_MAX_PNG_CHARACTERS = 400_000
_MAX_STROKES = 2_000


@dataclass(frozen=True)
class Drawing:
    """What stands on a pad: a PNG of it, and the strokes it is made of, to give back to a pad mounted anew."""

    png: bytes
    strokes: list[Mapping]


def sketch_pad(label: str, *, key: str, strokes: list[Mapping], on_draw: Callable[[], None]) -> None:
    """Mount a pad that starts with `strokes`. A change calls `on_draw`; `read_drawing(key)` then gives the drawing."""
    _MOUNT(key=key, data={"label": label, "strokes": strokes}, on_drawing_change=on_draw)


def read_drawing(key: str) -> Drawing | None:
    """The drawing the pad `key` has sent; None when it is empty or what came is no drawing."""
    sent = (st.session_state.get(key) or {}).get("drawing")
    if not isinstance(sent, Mapping):
        return None
    png, strokes = sent.get("png"), sent.get("strokes")
    if not isinstance(png, str) or len(png) > _MAX_PNG_CHARACTERS:
        return None
    if not isinstance(strokes, list) or not 0 < len(strokes) <= _MAX_STROKES:
        return None
    try:
        return Drawing(base64.b64decode(png, validate=True), strokes)
    except binascii.Error:
        return None
