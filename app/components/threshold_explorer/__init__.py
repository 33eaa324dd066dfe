"""Distances of same and different pairs with a threshold to drag; every figure follows in the browser."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components import register
from siamese_core.confusion import ClassPairs

_MOUNT = register(
    "threshold_explorer",
    shares=("element",),
    html="""
<div class="root">
  <section class="spread">
    <div class="plot"><svg class="histogram" aria-hidden="true"></svg><div class="handle" tabindex="0" role="slider"
      aria-orientation="horizontal"><i></i></div></div>
  </section>
  <section class="figures" role="group"></section>
  <section class="curves">
    <figure><figcaption data-word="roc"></figcaption><svg class="roc" role="img"></svg></figure>
    <figure><figcaption data-word="det"></figcaption><svg class="det" role="img"></svg></figure>
  </section>
  <section class="confusion">
    <div class="cells" role="group"></div>
  </section>
</div>
""",
)


@dataclass(frozen=True)
class Beside:
    """A second model's curve, to lie over the first one's.

    Attributes:
        far: (t,) increasing.
        frr: (t,) decreasing.
    """

    name: str
    far: np.ndarray
    frr: np.ndarray


def threshold_explorer(
    counts: ClassPairs,
    class_names: tuple[str, ...],
    *,
    name: str,
    threshold: float,
    own: float,
    interval: tuple[float, float] | None,
    costs: tuple[float, float],
    beside: Beside | None,
    cell: tuple[int, int] | None,
    key: str,
    on_threshold: Callable[[], None],
    on_cell: Callable[[], None],
) -> None:
    """Mount the explorer. The end of a drag calls `on_threshold`, a click on two classes `on_cell`.

    Args:
        counts: what every figure is made of; `threshold` and `own` are among its thresholds.
        name: the model's.
        own: the model's threshold, chosen on validation pairs.
        interval: where the model's threshold lies with other validation images and a sample of their pairs.
        costs: of a false accept and of a false reject.
        cell: the two classes that are chosen.
    """
    lower = [(one, other) for one in range(len(class_names)) for other in range(one + 1)]
    data = {
        "thresholds": counts.thresholds.tolist(),
        "counts": [np.diff(counts.within[one, other], prepend=0).tolist() for one, other in lower],
        "classes": class_names,
        "name": name,
        "threshold": threshold,
        "own": own,
        "interval": interval,
        "costs": costs,
        "beside": None
        if beside is None
        else {"name": beside.name, "far": beside.far.round(7).tolist(), "frr": beside.frr.round(7).tolist()},
        "cell": cell,
    }
    _MOUNT(key=key, data=data, on_threshold_change=on_threshold, on_cell_change=on_cell)


def read_threshold(key: str) -> object:
    """Where the drag ended: a stranger's input, not checked yet."""
    return (st.session_state.get(key) or {}).get("threshold")


def read_cell(key: str) -> object:
    """The two classes that were clicked: a stranger's input, not checked yet."""
    return (st.session_state.get(key) or {}).get("cell")
