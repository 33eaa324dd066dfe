"""Pairs at one click: by chance, hard ones, and a few that show what there is to see."""

import numpy as np
import streamlit as st

from app import cache, slots
from app.chosen import chosen_model, chosen_threshold
from app.components.sketch_pad import Drawing
from siamese_core.pairs import hard_pairs
from siamese_core.sketch import Stroke

EXAMPLES = {"Same": (945, 7993), "Different": (0, 35), "Mislabelled": (787, 7264)}
"""Test items that the sample holds too; 787 is a dress that is labelled as trousers."""
DRAWN_BESIDE = 35  # a T-shirt
T_SHIRT = Drawing(
    (
        Stroke(44, ((118, 74), (118, 226))),
        Stroke(44, ((162, 74), (162, 226))),
        Stroke(40, ((112, 72), (58, 122))),
        Stroke(40, ((168, 72), (222, 122))),
    )
)


def show_examples() -> None:
    """The row of buttons; a click fills both slots."""
    with st.container(horizontal=True, gap="small", key="examples"):
        st.button("Swap", key="swap", icon=":material/swap_horiz:", type="tertiary", on_click=slots.swap)
        st.button("Surprise me", key="surprise", type="tertiary", on_click=surprise)
        st.button("A hard pair", key="hard_pair", type="tertiary", on_click=put_hard_pair)
        for label, items in EXAMPLES.items():
            key = f"example_{label.lower()}"
            st.button(label, key=key, type="tertiary", on_click=put_items, args=items)
        st.button("A drawing", key="example_drawing", type="tertiary", on_click=put_drawing)


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
