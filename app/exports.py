"""A model to take along: choose a format, have it made, download it."""

import streamlit as st

from app import cache
from app.refusals import told_to_visitor
from app.words import say, write_number
from siamese_core.bundle import Bundle
from siamese_core.exporting import ENDINGS, PARITY_IMAGES


def offer_export(model: Bundle) -> None:
    """A button that opens the dialog for this model."""
    if st.button(say("exports.open"), key=f"export_{model.name}"):
        st.dialog(say("exports.title", name=model.name))(show_export)(model)


def show_export(model: Bundle) -> None:
    """The formats, what each is for, and the file of the chosen one once it is made."""
    formats = {name: say(f"exports.{name}") for name in ENDINGS}
    chosen = st.selectbox(
        say("exports.format"), list(formats), format_func=formats.__getitem__, key="export_the_format"
    )
    st.caption(say(f"exports.{chosen}_note"))
    place = st.container()
    if st.button(say("exports.make"), key="export_do_make"):
        with place, told_to_visitor():
            offer_file(model, chosen)


def offer_file(model: Bundle, format_name: str) -> None:
    """Make the file, say how close it is to the model, and hand it over."""
    made = cache.exported(model, format_name)
    if made.difference is not None:
        st.caption(
            say("exports.checked", count=write_number(PARITY_IMAGES), difference=write_number(made.difference, 7))
        )
    st.download_button(
        say("exports.download", size=write_number(len(made.content) / 1e6, 1)),
        made.content,
        made.file_name,
        key="export_do_download",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
