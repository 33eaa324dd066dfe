"""What the address says beside the widgets' values, so that a link shows it elsewhere."""

import streamlit as st

from app import slots
from app.components.sketch_pad import Drawing
from app.words import say, tell
from siamese_core.errors import SiameseError
from siamese_core.preprocessing import SKIPPABLE
from siamese_core.sketch import pack, unpack


def keep(name: str, value: str | None) -> None:
    """Let the address say this, or no longer."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def read_drawings() -> None:
    """Put the drawings that the address holds into the slots, once a session; of a damaged one the visitor reads."""
    if st.session_state.get("address_read"):
        return
    st.session_state["address_read"] = True
    for letter in slots.LETTERS:
        packed = st.query_params.get(slots.key("drawing", letter))
        if packed is None:
            continue
        try:
            slots.put_drawing(letter, Drawing(tuple(unpack(packed))))
        except SiameseError as error:
            slots.refuse(letter, tell(error))
        without = st.query_params.get(slots.key("without", letter), "").split(",")
        slots.skip(letter, [step for step in SKIPPABLE if step in without])


def write_drawing(letter: str) -> str | None:
    """Let the address hold the slot's drawing and the steps that are switched off; not while it is being drawn.

    Returns:
        Why the visitor's own picture is not in the address; None where it is, or where there is none.
    """
    shown, packed = slots.shown_drawing(letter), None
    reason = say("compare.not_in_link") if slots.shows_picture(letter) else None
    if shown and not shown.finished:
        return None
    try:
        packed = pack(shown.strokes) if shown else None
    except SiameseError as error:
        reason = tell(error)
    keep(slots.key("drawing", letter), packed)
    keep(slots.key("without", letter), ",".join(slots.skipped(letter)) or None if packed else None)
    return reason
