"""How a visitor's own picture became what the network sees, step by step; a step can be switched off."""

from collections.abc import Callable, Collection

import streamlit as st

from app.components import png_address, register
from app.words import say
from siamese_core.preprocessing import SKIPPABLE, Steps

_MOUNT = register("step_strip", shares=("element",), html='<div class="strip" role="group"></div>')


def step_strip(
    label: str, steps: Steps, *, left_out: Collection[str], skipped: Collection[str], key: str,
    on_switch: Callable[[], None],
) -> None:  # fmt: skip
    """Mount the strip. A click on a step calls `on_switch`; `read_step(key)` then names it.

    Args:
        left_out: names of steps that this kind of picture does not go through.
        skipped: names of steps that are switched off.
    """
    shown = [(name, picture) for name, picture in steps.steps if name not in left_out]
    data = {
        "label": label,
        "steps": [
            {
                "name": name,
                "label": say(f"step.{name}"),
                "picture": png_address(picture),
                "switchable": name in SKIPPABLE and not steps.untouched,
                "on": name not in skipped,
            }
            for name, picture in shown
        ],
    }
    _MOUNT(key=key, data=data, on_step_change=on_switch)


def read_step(key: str) -> object:
    """What a browser says was switched in the strip `key`: a stranger's input, not checked yet."""
    return (st.session_state.get(key) or {}).get("step")
