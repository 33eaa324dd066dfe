"""What a browser under a stranger's hands may send in a component's place."""

from typing import Any

import pytest
import streamlit as st

from app import slots
from app.components.item_grid import Pick, read_picks
from app.components.pair_grid import read_pair
from app.components.sketch_pad import read_drawing


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session's state that a test can fill with anything."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


@pytest.mark.parametrize("sent", [None, 5, "x", {"id": 1}, [None, 3, "x"], []])
def test_a_pick_that_is_none_is_no_pick(session: dict[str, Any], sent: object) -> None:
    session["wall"] = {"picks": sent}
    assert read_picks("wall") == []


def test_picks_come_in_their_order_and_not_without_end(session: dict[str, Any]) -> None:
    session["wall"] = {"picks": [{"slot": "A", "split": "test", "id": number} for number in range(1000)]}
    assert read_picks("wall")[-1] == Pick("A", "test", 999)
    assert len(read_picks("wall")) <= 10


@pytest.mark.parametrize("item", [None, True, "5", -1, 10_000, 1e308, float("nan"), float("inf"), [5], {}])
def test_what_is_no_item_is_not_put_into_a_slot(session: dict[str, Any], item: object) -> None:
    slots.put_item("A", "test", item)
    assert session == {}


@pytest.mark.parametrize("split", [None, "validation", "../test", ["test"]])
def test_what_is_no_split_is_not_put_into_a_slot(session: dict[str, Any], split: object) -> None:
    slots.put_item("A", split, 5)
    assert session == {}


@pytest.mark.parametrize("sent", [None, 5, [1, 2], "x"])
def test_a_pair_that_is_none_opens_nothing(session: dict[str, Any], sent: object) -> None:
    session["pair_grid"] = {"open": sent}
    assert read_pair("pair_grid") == (None, None)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "x",
        {"png": "", "strokes": []},
        {"png": "not base64!", "strokes": [{}]},
        {"png": "A" * 1_000_000, "strokes": [{}]},
        {"png": "AAAA", "strokes": [{}] * 10_000},
        {"png": 5, "strokes": [{}]},
        {"png": "AAAA"},
    ],
)
def test_a_drawing_that_is_none_is_an_empty_pad(session: dict[str, Any], sent: object) -> None:
    session["pad_a"] = {"drawing": sent}
    assert read_drawing("pad_a") is None
    slots.take_drawing("A")
    assert session["kind_a"] == "item"


def test_a_drawing_that_is_no_picture_is_refused_in_words(session: dict[str, Any]) -> None:
    session["pad_a"] = {"drawing": {"png": "AAAA", "strokes": [{}]}}
    slots.take_drawing("A")
    slot, refusal = slots.read_slot("A")
    assert slot.kind == "item"
    assert "not a picture" in refusal
