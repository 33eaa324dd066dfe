"""A wall of real items over one sprite sheet: click, tap, or arrow keys and Enter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.components import register
from app.words import say

_MOUNT = register(
    "item_grid", shares=("element",), html='<div class="grid" role="listbox" aria-multiselectable="true"></div>'
)


_MAX_PICKS = 10


@dataclass(frozen=True)
class Tile:
    """One tile.

    Attributes:
        badge: marks it as chosen: "A", "B", "AB", or a mark of one's own.
        caption: the distance written under it.
    """

    id: int
    class_name: str
    badge: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Pick:
    """What a browser says was picked: a stranger's input, not checked yet."""

    slot: object
    split: object
    id: object


def item_grid(
    label: str,
    tiles: list[Tile],
    *,
    split: str,
    sprite: str,
    key: str,
    on_pick: Callable[[], None],
    slot: Literal["A", "B", ""] = "",
    strip: bool = False,
) -> None:
    """Mount the grid. A pick calls `on_pick`, which asks `read_picks(key)` for it.

    Args:
        sprite: address of a sheet whose tiles are in the order of `tiles`.
        slot: the slot that the next pick fills; the one after it fills the other. Empty where there are no slots.
        strip: smaller tiles with captions, for a single row.
    """
    items = [{"id": tile.id, "class": tile.class_name, "badge": tile.badge, "caption": tile.caption} for tile in tiles]
    data = {"label": label, "items": items, "split": split, "sprite": sprite, "slot": slot, "strip": strip}
    data["split_name"] = say(f"split.{split}")
    _MOUNT(key=key, data=data, on_picks_change=on_pick)


def read_picks(key: str) -> list[Pick]:
    """What was picked in the grid `key`, oldest first; more than one where the server was slower than the visitor."""
    sent = (st.session_state.get(key) or {}).get("picks")
    picks = sent[-_MAX_PICKS:] if isinstance(sent, list) else []
    return [Pick(pick.get("slot"), pick.get("split"), pick.get("id")) for pick in picks if isinstance(pick, Mapping)]
