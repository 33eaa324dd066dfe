"""Figures to take away, as PNG or SVG.

Matplotlib takes 30 MB of the server's memory: it comes in only when a figure is asked for.
"""

import io
from typing import TYPE_CHECKING, Literal

import numpy as np

from app import cache
from app.cache import Diagnosis, PairTable
from app.findings import Finding
from siamese_core.evaluation import Roc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = ("distances", "roc", "det", "classes", "p_same")

COMPARISON_FIGURES = ("gauge", "parts")
DOTS_AN_INCH = 160


def ten_pairs_png(table: PairTable, rows: np.ndarray) -> bytes:
    """The tutorial's figure of the first ten of these rows' pairs."""
    from siamese_core import plots

    rows = rows[: plots.TUTORIAL_PAIRS]
    figure = plots.ten_pairs(table.split.images, table.pairs.take(rows), distances=table.distances[rows])
    return drawn(figure, "png")


def drawn(figure: "Figure", kind: Literal["png", "svg"]) -> bytes:
    """The figure as a file of this kind."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_AN_INCH)
    return buffer.getvalue()


def diagnosis_figure(wanted: str, found: Diagnosis, threshold: float, name: str) -> "Figure":
    """One of the `FIGURES` of the page Evaluate, of the model called `name`.

    Raises:
        ValueError: There is no such figure.
    """
    from siamese_core import plots

    counts, title = found.counts, f"{name}, threshold {threshold:.3f}"
    curve = Roc(counts.thresholds, counts.far, counts.frr)
    match wanted:
        case "distances":
            return plots.distance_spread(counts.thresholds, counts.same, counts.different, threshold, title=title)
        case "roc":
            return plots.roc_curve(curve, title=name)
        case "det":
            return plots.det_curve(curve, title=name)
        case "classes":
            errors = counts.errors(counts.nearest(threshold))
            return plots.class_errors(errors, cache.collection().class_names, title=f"Wrong pairs, %: {title}")
        case "p_same":
            return plots.reliability_diagram(found.trust.predicted, found.trust.observed, title=name)
    raise ValueError(f"`wanted` must be one of {FIGURES}, got {wanted!r}")


def comparison_figure(wanted: str, found: Finding) -> "Figure":
    """One of the `COMPARISON_FIGURES` of the page Compare.

    Raises:
        ValueError: There is no such figure.
    """
    from siamese_core import plots

    title = f"{found.model.name}: {found.a.title} · {found.b.title}"
    match wanted:
        case "gauge":
            margin = found.model.recipe.margin
            return plots.distance_gauge(
                found.comparison.distance, found.comparison.threshold, margin=margin, title=title
            )
        case "parts":
            return plots.distance_parts(found.explain(), title=title)
    raise ValueError(f"`wanted` must be one of {COMPARISON_FIGURES}, got {wanted!r}")
