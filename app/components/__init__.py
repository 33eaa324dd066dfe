"""Own Components v2. Each folder holds one component: its `.js`, its `.css`, and a small module that mounts it."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from app.words import language, section

_WORDS = Path(__file__).with_name("words.js")

_SHOWN_SIDE = 96


def register(name: str, *, html: str) -> Callable[..., None]:
    """The mounting command of the component in folder `name`, whose files are `<name>.js` and `<name>.css`.

    Its data come to the browser with the words of the section `name`, in the visitor's language.
    """
    folder = Path(__file__).parent / name
    sources = (_WORDS, folder / f"{name}.js")
    renderer = st.components.v2.component(
        f"siamese_{name}",
        html=html,
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js="\n".join(source.read_text(encoding="utf-8") for source in sources),
    )

    def mount(*, key: str, data: dict[str, Any], **callbacks: Any) -> None:
        renderer(key=key, data={**data, "words": section(name), "language": language()}, **callbacks)

    return mount


def png_address(grey: np.ndarray) -> str:
    """A small PNG of a picture uint8 (h, w) as a data address: made of its pixels alone, whatever file it came in."""
    picture = Image.fromarray(grey)
    picture.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    return f"data:image/png;base64,{base64.b64encode(png_bytes(np.asarray(picture))).decode('ascii')}"


def png_bytes(grey: np.ndarray) -> bytes:
    """A PNG of a picture uint8 (h, w)."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()
