"""The test items as dots on a plane: hover, pick, lasso, zoom, and a way through the epochs of a training."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components import register

_MOUNT = register(
    "embedding_map",
    shares=("cloud", "view", "landscape"),
    html="""
<div class="map">
  <div class="bar">
    <div class="legend" role="group"></div>
    <input class="search" type="search" list="map-classes" autocomplete="off"><datalist id="map-classes"></datalist>
  </div>
  <div class="stage">
    <canvas class="ground" aria-hidden="true"></canvas>
    <canvas class="marks" tabindex="0" role="application"></canvas>
    <div class="card" aria-hidden="true" hidden><canvas width="28" height="28"></canvas><b></b><span></span></div>
    <p class="spoken unseen" aria-live="polite"></p>
    <p class="failed" role="alert" data-word="failed" hidden></p>
  </div>
  <div class="controls">
    <div class="ways"><button type="button" class="neighbours" data-word="neighbours"></button><button type="button"
      class="epochs"></button></div>
    <div class="time">
      <button type="button" class="play"><i></i></button>
      <input class="epoch" type="range" min="0" step="1">
      <output class="at"></output>
    </div>
    <div class="tools">
      <button type="button" class="in"><svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M12 5v14M5 12h14"/></svg><span
        class="unseen" data-word="in"></span></button>
      <button type="button" class="out"><svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M5 12h14"/></svg><span
        class="unseen" data-word="out"></span></button>
      <button type="button" class="home"><svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/></svg><span
        class="unseen" data-word="home"></span></button>
      <button type="button" class="lasso" aria-pressed="false"><svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M12 4c5 0 8 2.3 8 5.5s-3 5.5-8 5.5-8-2.3-8-5.5S7 4 12 4M7 14.5c-1.5 1-1.5 3 .5 3s2 2 .5 3.5"/></svg><span
        class="unseen" data-word="lasso"></span></button>
    </div>
  </div>
</div>
""",
)
NEIGHBOURS = "neighbours"


@dataclass(frozen=True)
class Layout:
    """A way to lay out the items: `neighbours` or `epoch-3`, and the address of the places."""

    name: str
    url: str


@dataclass(frozen=True)
class Landed:
    """What a slot holds, with the test items nearest to it.

    Attributes:
        item: number of a test item; None for anything else, which then shows as a star.
        place: (2,) on the kept epoch's map.
        neighbours: (k,) numbers of test items.
        shares: (k,) how much each of them pulls the star to its own place, together 1.
    """

    slot: str
    item: int | None
    place: np.ndarray
    neighbours: np.ndarray
    shares: np.ndarray


def embedding_map(
    label: str,
    *,
    items: str,
    atlas: str,
    layouts: list[Layout],
    kept: int,
    class_names: tuple[str, ...],
    landed: list[Landed],
    active: str,
    chosen: np.ndarray | None,
    key: str,
    on_pick: Callable[[], None],
    on_lasso: Callable[[], None],
) -> None:
    """Mount the map. A pick calls `on_pick`, as in a grid of items; a lasso calls `on_lasso`, see `read_lasso`.

    Args:
        items: address of the items' numbers and labels.
        atlas: address of a sheet with a tile of each item.
        layouts: the neighbours' map first where there is one, then the epochs in their order.
        kept: the epoch whose weights the model has.
        landed: what both slots hold.
        active: the slot that the next pick fills; the one after it fills the other.
        chosen: (n,) bool, the items within the lasso; None where there is none.
    """
    epochs = [int(layout.name.removeprefix("epoch-")) for layout in layouts if layout.name != NEIGHBOURS]
    has_neighbours = layouts[0].name == NEIGHBOURS
    data = {
        "label": label,
        "items": items,
        "atlas": atlas,
        "layouts": [{"name": layout.name, "url": layout.url} for layout in layouts],
        "source": layouts[-1].url,
        "first": NEIGHBOURS if has_neighbours else f"epoch-{kept}",
        "kept": f"epoch-{kept}",
        "epochs": epochs,
        "classes": class_names,
        "slots": [_describe(one) for one in landed],
        "active": active,
        "chosen": "" if chosen is None else _to_bits(chosen),
    }
    _MOUNT(key=key, data=data, on_picks_change=on_pick, on_lasso_change=on_lasso)


def read_lasso(key: str, count: int) -> np.ndarray | None:
    """Which of so many items the lasso holds, bool (count,); None where it holds none or what came is no lasso."""
    sent = (st.session_state.get(key) or {}).get("lasso")
    try:
        packed = np.frombuffer(base64.b64decode(sent or "", validate=True), np.uint8)
    except (TypeError, ValueError, binascii.Error):
        return None
    if len(packed) != -(-count // 8):
        return None
    chosen = np.unpackbits(packed, count=count, bitorder="little").astype(bool)
    return chosen if chosen.any() else None


def _to_bits(chosen: np.ndarray) -> str:
    return base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode("ascii")


def _describe(one: Landed) -> dict[str, object]:
    return {
        "slot": one.slot,
        "id": one.item,
        "place": one.place.tolist(),
        "neighbours": one.neighbours.tolist(),
        "shares": one.shares.round(5).tolist(),
    }
