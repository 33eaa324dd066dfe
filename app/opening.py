"""From a pair that is shown somewhere to the page that compares it."""

import streamlit as st

from app import slots
from app.components.pair_grid import read_pair


def open_pair(key: str, split: str) -> None:
    """A click in the pair grid `key` puts the pair into the slots; the script then goes to Compare."""
    open_items(split, *read_pair(key))


def open_items(split: str, left: object, right: object) -> None:
    """Put two items into the slots; the script then goes to Compare."""
    for letter, item in zip(slots.LETTERS, (left, right), strict=True):
        slots.put_item(letter, split, item)
    st.session_state["pair_opened"] = True


def go_where_opened() -> None:
    """Leave for Compare when a pair was opened; pages that show pairs call this first."""
    if st.session_state.pop("pair_opened", False):
        st.switch_page("pages/compare.py", query_params={})  # None would clear the model too, which Streamlit refuses
