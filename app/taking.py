"""What can be taken away from Compare: report, figures, tables, pictures, and the number as Python."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app import slots
from app.choices import choose
from app.components import png_bytes
from app.figures import COMPARISON_FIGURES, comparison_figure, drawn
from app.findings import Finding
from app.report import write_report
from app.snippet import picture_name, write_snippet
from app.tables import neighbours_table, parts_table
from app.words import say

NEIGHBOURS = 100


def offer_comparison(found: Finding) -> None:
    """The popover and, when it is open, what is in it."""
    room = st.popover(
        say("taking.title"), icon=":material/download:", type="tertiary", key="take_comparison", on_change="rerun"
    )
    if not room.open:
        return
    with room:
        offer_files(found)
        offer_figures(found)
        st.caption(say("taking.snippet"))
        st.code(write_snippet(found), None, wrap_lines=True)  # highlighted words are too pale to read


def offer_files(found: Finding) -> None:
    """The report, both pictures as the network sees them, and the nearest items as a table."""
    with st.container(horizontal=True):
        _download("report", say("taking.report"), partial(write_report, found), "comparison.html", "text/html")
        for slot in (found.a, found.b):
            label = say("taking.picture", slot=slot.letter)
            make = partial(png_bytes, slot.image)
            _download(slots.key("picture", slot.letter), label, make, picture_name(slot), "image/png")
        label = say("taking.neighbours")
        _download("neighbours", label, partial(neighbours_table, found, NEIGHBOURS), "neighbours.csv", "text/csv")


def offer_figures(found: Finding) -> None:
    """One figure, chosen, as PNG and SVG, and the numbers behind it."""
    figures = {name: say(f"taking.{name}") for name in COMPARISON_FIGURES}
    wanted = choose(say("taking.figure"), figures, key="comparison_figure")
    with st.container(horizontal=True):
        _download("png", "PNG", lambda: drawn(comparison_figure(wanted, found), "png"), f"{wanted}.png", "image/png")
        _download(
            "svg", "SVG", lambda: drawn(comparison_figure(wanted, found), "svg"), f"{wanted}.svg", "image/svg+xml"
        )
        _download("csv", "CSV", partial(parts_table, found), "parts.csv", "text/csv")


def _download(key: str, label: str, make: Callable[[], bytes | str], name: str, mime: str) -> None:
    """A button for a file that is made when it is asked for."""
    st.download_button(label, make, file_name=name, mime=mime, on_click="ignore", key=f"take_{key}")
