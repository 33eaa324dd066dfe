"""How a model learned: its loss after each epoch, and the figures of the one that the slider stands on."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.components import register

_MOUNT = register(
    "history_curve",
    shares=("plot",),
    html="""
<div class="root">
  <div class="plot">
    <svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg>
    <i class="needle"></i><i class="dot"></i>
    <input type="range" min="1" step="1">
  </div>
  <p class="axis" data-word="axis"></p>
  <dl>
    <div><dt data-word="epoch"></dt><dd data-value="epoch"></dd></div>
    <div><dt data-word="loss"></dt><dd data-value="loss"></dd></div>
    <div><dt data-word="accuracy"></dt><dd data-value="accuracy"></dd></div>
    <div><dt data-word="threshold"></dt><dd data-value="threshold"></dd></div>
  </dl>
</div>
""",
)

FIGURES = ("loss", "accuracy", "threshold")


def history_curve(history: Sequence[Mapping[str, Any]], *, kept: int, name: str, key: str) -> None:
    """Mount the curve of a bundle's history; it starts at the epoch whose weights were kept, 1 for the first."""
    figures = {figure: [epoch[figure] for epoch in history] for figure in FIGURES}
    _MOUNT(key=key, data={**figures, "kept": kept, "name": name})
