"""Models side by side: how each has learned, and a table of their figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.components import register

_MOUNT = register(
    "models_beside",
    shares=("element", "plot"),
    html="""
<div class="root">
  <ul class="legend"></ul>
  <div class="curves"></div>
  <div class="wide"><table><thead><tr></tr></thead><tbody></tbody></table></div>
</div>
""",
)


def models_beside(
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    figures: Mapping[str, str],
    rows: Mapping[str, Sequence[str]],
    *,
    key: str,
) -> None:
    """Mount the plots and the table.

    Args:
        histories: the epochs of each model by its name.
        figures: what is drawn of each epoch, and what it is called.
        rows: the table: what each row is about, and the words for each model.
    """
    curves = [
        {"label": label, "values": [[epoch[figure] for epoch in history] for history in histories.values()]}
        for figure, label in figures.items()
    ]
    _MOUNT(
        key=key, data={"names": list(histories), "curves": curves, "rows": [[label, *of] for label, of in rows.items()]}
    )
