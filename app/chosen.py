"""The model and the threshold a visitor has chosen for the whole app."""

import math
import re

import streamlit as st

from app import cache
from app.words import say, write_number
from siamese_core.bundle import Bundle
from siamese_core.errors import BundleError, SiameseError

THRESHOLD_DECIMALS = 3
HIGHEST_THRESHOLD = 99.0
_NUMBER = re.compile(r"\d{0,2}(\.\d{0,9})?")


def chosen_model() -> Bundle:
    """The chosen model; the first one that can be used when the choice names none or one that cannot.

    Raises:
        BundleError: There is no model that can be used.
    """
    chosen = st.session_state.get("model")
    model = cache.first_usable(sorted(cache.model_names(), key=lambda name: name != chosen))
    if model is None:
        raise BundleError(say("app.no_model"))
    return model


def use_model(name: str) -> None:
    """Let the whole app use this model; from within a fragment too."""
    st.session_state["model"] = name
    forget_threshold()
    st.rerun()


def chosen_threshold(model: Bundle) -> float:
    """The threshold that the whole app decides by: the visitor's, else the model's own."""
    value = st.session_state.get("threshold")
    if not isinstance(value, (int, float)) or not math.isfinite(value) or not 0.0 <= value <= HIGHEST_THRESHOLD:
        return model.threshold
    return round(float(value), THRESHOLD_DECIMALS)


def use_threshold(model: Bundle, value: object) -> None:
    """Let the whole app decide by this threshold; what is none is left alone."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return
    value = min(max(float(value), 0.0), HIGHEST_THRESHOLD)
    is_own = math.isclose(value, model.threshold)
    st.session_state["threshold"] = None if is_own else round(value, THRESHOLD_DECIMALS)


def forget_threshold() -> None:
    """Go back to the model's own threshold: another model's distances mean something else."""
    st.session_state["threshold"] = None


def threshold_input() -> None:
    """The threshold as a number, in the address too; empty where it is the model's own."""
    try:
        own = chosen_model().threshold
    except SiameseError:
        return  # the page says why
    if "threshold" not in st.session_state and not _NUMBER.fullmatch(st.query_params.get("threshold", "")):
        del st.query_params["threshold"]
        st.rerun()
    st.number_input(
        say("app.threshold"),
        min_value=0.0,
        max_value=HIGHEST_THRESHOLD,
        value=None,
        step=0.01,
        format=f"%.{THRESHOLD_DECIMALS}f",
        placeholder=f"≤ {write_number(own, THRESHOLD_DECIMALS)}",
        key="threshold",
        bind="query-params",
        label_visibility="collapsed",
        width=144,
    )
