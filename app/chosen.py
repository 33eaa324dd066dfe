"""The model a visitor has chosen for the whole app."""

import streamlit as st

from app import cache
from siamese_core.artifacts import Bundle
from siamese_core.errors import BundleError


def chosen_model() -> Bundle:
    """The chosen model; the first one when the choice names none.

    Raises:
        BundleError: There is no model, or the chosen one is damaged.
    """
    names = cache.model_names()
    if not names:
        raise BundleError("There is no model yet: train one on the page Train.")
    name = st.session_state.get("model")
    return cache.bundle(name if name in names else names[0])


def use_model(name: str) -> None:
    """Let the whole app use this model; from within a fragment too."""
    st.session_state["model"] = name
    st.rerun()
