"""Own Components v2. Each folder holds one component: its `.js`, its `.css`, and a small module that mounts it."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from app.words import language, section

_HERE = Path(__file__).parent
_SHOWN_SIDE = 96
_EXPORT = re.compile(r"^export\sdefault\sfunction\s", re.MULTILINE)


def register(name: str, *, html: str, shares: tuple[str, ...] = ()) -> Callable[..., None]:
    """The mounting command of the component in folder `name`: its scripts, one of them `<name>.js`, and `<name>.css`.

    The scripts become one module, so their names are known to each other. What it shares with other components comes
    before its own: of each name in `shares` the `.js` and, where there is one, the `.css` of this folder. Its data come
    to the browser with the words of the section `name`, in the visitor's language.
    """
    folder = _HERE / name
    shared = [_HERE / part for part in shares]
    styles = [source.with_suffix(".css") for source in shared]
    scripts = [_HERE / "words.js", *(source.with_suffix(".js") for source in shared), *sorted(folder.glob("*.js"))]
    renderer = st.components.v2.component(
        f"siamese_{name}",
        html=html,
        css=_read(*filter(Path.is_file, styles), folder / f"{name}.css"),
        js=_EXPORT.sub("function render", _read(*scripts, _HERE / "entry.js")),
    )

    def mount(*, key: str, data: dict[str, Any], **callbacks: Any) -> None:
        # A tuple of one: of a dict, Streamlit would ask each value whether it is a table, and load pandas to tell.
        renderer(key=key, data=({**data, "words": section(name), "language": language()},), **callbacks)

    return mount


def _read(*sources: Path) -> str:
    return "\n".join(source.read_text(encoding="utf-8") for source in sources)


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
