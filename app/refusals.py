"""What the app cannot do, said in words."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.words import tell
from siamese_core.errors import SiameseError


@contextmanager
def told_to_visitor() -> Iterator[None]:
    """Shows the text of a `SiameseError` where the block's output would have stood; a fragment needs its own."""
    try:
        yield
    except SiameseError as error:
        st.error(tell(error), icon=":material/error:")
