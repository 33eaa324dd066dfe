"""Cards of pairs: both pictures, the distance, the verdict and the truth; a click opens the pair."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components import register
from app.words import say, write_number

_MOUNT = register("pair_grid", shares=("element",), html='<div class="grid" role="group"></div>')


@dataclass(frozen=True)
class PairCard:
    """One pair of item numbers with the names of their classes."""

    left: int
    right: int
    left_class: str
    right_class: str
    distance: float
    same: bool
    is_same: bool


def pair_grid(
    label: str,
    cards: list[PairCard],
    *,
    split: str,
    sprite: str,
    key: str,
    on_open: Callable[[], None],
    on_turn: Callable[[], None] | None = None,
    turns: Sequence[int] = (),
) -> None:
    """Mount the cards. A click calls `on_open`, which asks `read_pair(key)` for the items; J and K move the focus.

    Args:
        sprite: address of a sheet with the tiles left, right, left, right… of `cards`.
        on_turn: called when J or K leave the cards; asks `read_turn(key)` which way.
        turns: which ways cards follow: 1 after the last one, -1 before the first one.
    """
    data = {
        "label": label,
        "pairs": [_describe(card, split) for card in cards],
        "sprite": sprite,
        "turns": list(turns),
    }
    _MOUNT(key=key, data=data, on_open_change=on_open, on_turn_change=on_turn or _stay)


def _stay() -> None:
    """Nothing follows the cards."""


def read_turn(key: str) -> int:
    """1 where J left the last card of the grid `key`, -1 where K left the first, else 0."""
    turn = (st.session_state.get(key) or {}).get("turn")
    return turn if turn in (1, -1) and isinstance(turn, int) else 0


def read_pair(key: str) -> tuple[object, object]:
    """The item numbers that the grid `key` has just sent: a stranger's input, not checked yet."""
    pair = (st.session_state.get(key) or {}).get("open")
    return (pair.get("left"), pair.get("right")) if isinstance(pair, Mapping) else (None, None)


def _describe(card: PairCard, split: str) -> dict[str, Any]:
    classes = card.left_class if card.left_class == card.right_class else f"{card.left_class} · {card.right_class}"
    return {
        "left": card.left,
        "right": card.right,
        "left_name": _name(card.left_class, split, card.left),
        "right_name": _name(card.right_class, split, card.right),
        "distance": write_number(card.distance, 4),
        "verdict": "same" if card.same else "different",
        "truth": "same" if card.is_same else "different",
        "right_verdict": card.same == card.is_same,
        "classes": classes,
    }


def _name(class_name: str, split: str, item: int) -> str:
    return say("pairs.item", **{"class": class_name}, split=say(f"split.{split}"), item=item)
