"""A pad to draw an item on, with mouse, finger or pen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.components import register
from siamese_core.sketch import CANVAS, Stroke

_MOUNT = register(
    "sketch_pad",
    html=f"""
<div class="pad">
  <canvas width="{CANVAS}" height="{CANVAS}" role="img"></canvas>
  <div class="tools">
    <button type="button" class="undo" data-word="undo"></button>
    <button type="button" class="clear" data-word="clear"></button>
    <label><span data-word="width"></span><input type="range" min="4" max="44" step="2" value="18"></label>
  </div>
  <p class="hint" data-word="hint"></p>
</div>
""",
)
_MOST_STROKES, _MOST_POINTS = 2_000, 20_000  # what is looked at of what a browser sends; the painter refuses earlier


@dataclass(frozen=True)
class Drawing:
    """What stands on a pad.

    Attributes:
        strokes: in their order.
        finished: whether no stroke is being drawn.
    """

    strokes: tuple[Stroke, ...]
    finished: bool = True


def sketch_pad(label: str, *, key: str, drawing: Drawing | None, version: int, on_draw: Callable[[], None]) -> None:
    """Mount a pad. A change calls `on_draw`; `read_drawing(key)` then gives the drawing.

    The pad sends its drawing while it is drawn, and the next state of it only when this one has been answered: so it
    is as quick as the server is, and no answer is cut off by the next question.

    Args:
        drawing: what a pad mounted anew starts with, or one of another `version` takes over.
        version: another number when the drawing is not from this pad.
    """
    sent = _sent(key)
    serial = sent.get("serial")
    data = {
        "label": label,
        "strokes": [{"width": one.width, "points": one.points} for one in drawing.strokes] if drawing else [],
        "version": version,
        "answered": serial if isinstance(serial, (int, float)) else 0,
    }
    _MOUNT(key=key, data=data, on_drawing_change=on_draw)


def read_drawing(key: str) -> Drawing | None:
    """The drawing the pad `key` has sent; None when it is empty or what came is no drawing."""
    sent = _sent(key)
    strokes = sent.get("strokes")
    if not isinstance(strokes, list) or not 0 < len(strokes) <= _MOST_STROKES:
        return None
    try:
        read = tuple(_read_stroke(stroke) for stroke in strokes)
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    return Drawing(read, finished=sent.get("finished") is not False)


def _sent(key: str) -> Mapping:
    sent = (st.session_state.get(key) or {}).get("drawing")
    return sent if isinstance(sent, Mapping) else {}


def _read_stroke(sent: Mapping) -> Stroke:
    """A stroke as a browser sends it.

    Raises:
        TypeError, ValueError, KeyError, OverflowError: It is none.
    """
    points = sent["points"]
    if len(points) > _MOST_POINTS:
        raise ValueError("too many points")
    return Stroke(_whole(sent["width"]), tuple((_whole(x), _whole(y)) for x, y in points))


def _whole(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number != int(number):
        raise ValueError("not a whole number")
    return int(number)
