"""Own Components v2. Each folder holds one component: its `.js`, its `.css`, and a small module that mounts it."""

import base64
import io
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.components.v2.types import ComponentRenderer

_SHOWN_SIDE = 96


def register(name: str, *, html: str) -> ComponentRenderer:
    """The mounting command of the component in folder `name`, whose files are `<name>.js` and `<name>.css`."""
    folder = Path(__file__).parent / name
    return st.components.v2.component(
        f"siamese_{name}",
        html=html,
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js=(folder / f"{name}.js").read_text(encoding="utf-8"),
    )


def png_address(grey: np.ndarray) -> str:
    """A small PNG of a picture uint8 (h, w) as a data address: made of its pixels alone, whatever file it came in."""
    picture = Image.fromarray(grey)
    picture.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
