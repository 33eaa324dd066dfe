"""Pairs at one click: by chance, hard ones, and a few that show what there is to see."""

import numpy as np
import streamlit as st

from app import cache, slots
from app.chosen import chosen_model, chosen_threshold
from app.components.sketch_pad import Drawing
from app.words import say
from siamese_core.pairs import hard_pairs
from siamese_core.sketch import Stroke

EXAMPLES = {"same": (945, 7993), "different": (0, 35), "mislabelled": (787, 7264)}
"""Test items that the sample holds too; 787 is a dress that is labelled as trousers."""
DRAWN_BESIDE = 35  # a T-shirt
T_SHIRT = Drawing(
    (
        Stroke(44, ((118, 74), (118, 226))),
        Stroke(44, ((162, 74), (162, 226))),
        Stroke(44, ((112, 72), (70, 110))),
        Stroke(44, ((168, 72), (210, 110))),
        Stroke(30, ((110, 232), (170, 232))),
        Stroke(30, ((118, 80), (162, 80))),
    )
)


def show_examples() -> None:
    """The row of buttons; a click fills both slots."""
    with st.container(horizontal=True, gap="small", key="examples"):
        st.button(say("examples.swap"), key="swap", icon=":material/swap_horiz:", type="tertiary", on_click=slots.swap)
        st.button(say("examples.surprise"), key="surprise", type="tertiary", on_click=surprise)
        st.button(say("examples.hard"), key="hard_pair", type="tertiary", on_click=put_hard_pair)
        for name, items in EXAMPLES.items():
            label = say(f"examples.{name}")
            st.button(label, key=f"example_{name}", type="tertiary", on_click=put_items, args=items)
        st.button(say("examples.drawing"), key="example_drawing", type="tertiary", on_click=put_drawing)


def put_items(left: int, right: int) -> None:
    """Two test items into the slots."""
    for letter, item in zip(slots.LETTERS, (left, right), strict=True):
        slots.put_item(letter, "test", item)


def surprise() -> None:
    """Two test items by chance, every other time of one class."""
    rng, test = np.random.default_rng(), cache.collection().split("test")
    left = int(rng.integers(len(test)))
    others = np.flatnonzero((test.labels == test.labels[left]) == bool(rng.integers(2)))
    put_items(int(test.ids[left]), int(test.ids[rng.choice(others[others != left])]))


def put_hard_pair() -> None:
    """One of the test pairs that lie near the threshold."""
    model = chosen_model()
    table = cache.pair_table(model, "test")
    rng = np.random.default_rng()
    row = hard_pairs(table.distances, table.pairs.is_same, chosen_threshold(model), 2, rng)[0]
    put_items(*(int(table.split.ids[rows[row]]) for rows in (table.pairs.left, table.pairs.right)))


def put_drawing() -> None:
    """A drawn T-shirt into A, a real one into B."""
    slots.put_drawing("A", T_SHIRT)
    slots.put_item("B", "test", DRAWN_BESIDE)
