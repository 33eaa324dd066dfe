"""Choices that stand in the address in no language, so that a link made in one opens in every other.

Streamlit writes a bound choice into the address in the words it shows. So the choice that is bound is a hidden one, of
options as the code names them; the one that is seen follows it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st


def choose(
    label: str, options: Mapping[str, str], *, key: str, on_change: Callable[[], None] | None = None, **look: Any
) -> str:
    """The chosen option of a row of them, shown in the words that `options` gives it."""
    kept = _keep(options, key)
    st.segmented_control(
        label,
        list(options),
        format_func=lambda option: options.get(option, option),
        required=True,
        key=_shown(key),
        on_change=_follow,
        args=(key, on_change),
        **look,
    )
    return kept


def select(
    label: str, options: Mapping[str, str], *, key: str, on_change: Callable[[], None] | None = None, **look: Any
) -> str:
    """The chosen option of a list of them, shown in the words that `options` gives it."""
    kept = _keep(options, key)
    st.selectbox(
        label,
        list(options),
        format_func=lambda option: options.get(option, option),
        key=_shown(key),
        on_change=_follow,
        args=(key, on_change),
        **look,
    )
    return kept


def _keep(options: Mapping[str, str], key: str) -> str:
    """What stands in the address, the first option where it is none; the choice that is seen is set to it."""
    with st.container(key=f"kept_{key}"):
        kept = st.selectbox("–", list(options), key=key, bind="query-params")
    kept = kept if kept in options else next(iter(options))
    st.session_state[_shown(key)] = kept
    return kept


def _follow(key: str, on_change: Callable[[], None] | None) -> None:
    """The visitor has chosen: let the address say so."""
    st.session_state[key] = st.session_state[_shown(key)]
    if on_change:
        on_change()


def _shown(key: str) -> str:
    return f"{key}_shown"
