"""What a browser under a stranger's hands may send in a component's place."""

from typing import Any

import numpy as np
import pytest
import streamlit as st

from app import slots
from app.components.clipboard import read_pasted
from app.components.embedding_map import read_lasso
from app.components.item_grid import Pick, read_picks
from app.components.pair_grid import read_pair
from app.components.sketch_pad import read_drawing
from app.filling import receive_pasted


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


@pytest.mark.parametrize("sent", [None, 5, [], {}, "", "AA==", "####", "AAA", "AAAA", "ä", "A" * 99])
def test_a_lasso_that_is_none_holds_nothing(session: dict[str, Any], sent: object) -> None:
    session["map"] = {"lasso": sent}
    assert read_lasso("map", 20) is None


def test_a_lasso_holds_the_items_whose_bits_are_set(session: dict[str, Any]) -> None:
    session["map"] = {"lasso": "BQAI"}  # 0b101, 0, 0b1000
    assert np.flatnonzero(read_lasso("map", 20)).tolist() == [0, 2, 19]


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
        {},
        {"strokes": []},
        {"strokes": [{}]},
        {"strokes": [5]},
        {"strokes": [{"width": 18, "points": []}]},
        {"strokes": [{"width": "18", "points": [[1, 2]]}]},
        {"strokes": [{"width": 18, "points": [[1, 2, 3]]}]},
        {"strokes": [{"width": 18, "points": [[1, 2.5]]}]},
        {"strokes": [{"width": 18, "points": [[1, True]]}]},
        {"strokes": [{"width": 18, "points": [[1, float("nan")]]}]},
        {"strokes": [{"width": 18, "points": [[1, 1e308]]}]},
        {"strokes": [{"width": 18, "points": [[1, float("inf")]]}]},
        {"strokes": [{"width": 18, "points": "1,2"}]},
        {"strokes": [{"width": 18, "points": [[1, 2]] * 30_000}]},
        {"strokes": [{"width": 18, "points": [[1, 2]]}] * 10_000},
    ],
)
def test_a_drawing_that_is_none_is_an_empty_pad(session: dict[str, Any], sent: object) -> None:
    session["pad_a"] = {"drawing": sent}
    assert read_drawing("pad_a") is None
    slots.take_drawing("A")
    assert session["kind_a"] == "item"


def test_a_drawing_without_end_is_refused_in_words(session: dict[str, Any]) -> None:
    session["pad_a"] = {"drawing": {"strokes": [{"width": 18, "points": [[1, 2]] * 9_000}]}}
    slots.take_drawing("A")
    slot, refusal = slots.read_slot("A")
    assert slot.kind == "item"
    assert "more than 6,000 points" in refusal


@pytest.mark.parametrize("sent", [None, 5, "x", {}, {"data": 5}, {"data": "not base64!"}, {"data": "Ä"}])
def test_what_is_no_picture_is_not_pasted(session: dict[str, Any], sent: object) -> None:
    session["clipboard"] = {"picture": sent}
    assert read_pasted("clipboard") is None
    receive_pasted()
    assert set(session) == {"clipboard"}


@pytest.mark.parametrize(("sent", "reason"), [
    ({"data": "", "size": 0}, "empty"),
    ({"data": "", "size": 9_000_000}, "larger than 8 MB"),
    ({"data": "AAAA", "size": 3}, "not a picture"),
    ({"data": "AAAA", "size": "many"}, "not a picture"),
    ({"data": "AAAA", "size": -5}, "not a picture"),
])  # fmt: skip
def test_a_pasted_file_that_cannot_be_used_is_refused_in_words(
    session: dict[str, Any], sent: dict, reason: str
) -> None:
    session["clipboard"] = {"picture": sent}
    receive_pasted()
    assert reason in slots.refusal("A")
    assert "kind_a" not in session


@pytest.mark.parametrize("step", [None, "given", "fitted", "../filled", ["filled"], 5, {}])
def test_what_is_no_step_switches_none(session: dict[str, Any], step: object) -> None:
    slots.switch_step("A", step)
    assert session == {}
