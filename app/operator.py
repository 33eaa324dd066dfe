"""What the operator of this server allows, by the environment or `.streamlit/secrets.toml`."""

import os

import streamlit as st

from siamese_core.limits import Limits


def limits() -> Limits:
    """The limits that hold for every visitor.

    Raises:
        RunError: The operator has written something that cannot be understood.
    """
    secrets = st.secrets.to_dict() if st.secrets.load_if_toml_exists() else {}
    return Limits.from_settings({**os.environ, **secrets})
