"""Own Components v2. Each folder holds one component: its `.js`, its `.css`, and a small module that mounts it."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def register(name: str, *, html: str) -> ComponentRenderer:
    """The mounting command of the component in folder `name`, whose files are `<name>.js` and `<name>.css`."""
    folder = Path(__file__).parent / name
    return st.components.v2.component(
        f"siamese_{name}",
        html=html,
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js=(folder / f"{name}.js").read_text(encoding="utf-8"),
    )
