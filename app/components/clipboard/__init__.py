"""Pictures that a visitor pastes anywhere on the page."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.components import register
from siamese_core.images import MAX_BYTES

_MOUNT = register("clipboard", html="<span></span>")


@dataclass(frozen=True)
class Pasted:
    """A picture as it came.

    Attributes:
        data: the file; empty where it is too large to be sent.
        size: bytes of the file.
    """

    data: bytes
    size: int


def clipboard(*, key: str, on_paste: Callable[[], None]) -> None:
    """Listen for pasted pictures; there is nothing to see. One calls `on_paste`; `read_pasted(key)` then gives it."""
    _MOUNT(key=key, data={"limit": MAX_BYTES}, on_picture_change=on_paste)


def read_pasted(key: str) -> Pasted | None:
    """The picture pasted last; None when what came is none."""
    sent = (st.session_state.get(key) or {}).get("picture")
    if not isinstance(sent, Mapping) or not isinstance(sent.get("data"), str):
        return None
    size = sent.get("size")
    try:
        data = base64.b64decode(sent["data"], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Pasted(data, int(size) if isinstance(size, int) and size > len(data) else len(data))
