"""Figures to take away, as PNG or SVG.

Matplotlib takes 30 MB of the server's memory: it comes in only when a figure is asked for.
"""

import io
from typing import TYPE_CHECKING, Literal

import numpy as np

from app import cache
from app.cache import Diagnosis, PairTable
from app.findings import Finding
from app.words import name_classes, say, section
from siamese_core.evaluation import Roc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from siamese_core.plots import PlotWords

FIGURES = ("distances", "roc", "det", "classes", "p_same")

COMPARISON_FIGURES = ("gauge", "parts")
DOTS_AN_INCH = 160


def ten_pairs_png(table: PairTable, rows: np.ndarray) -> bytes:
    """The tutorial's figure of the first ten of these rows' pairs."""
    from siamese_core import plots

    rows = rows[: plots.TUTORIAL_PAIRS]
    pairs, words = table.pairs.take(rows), _plot_words()
    figure = plots.ten_pairs(table.split.images, pairs, distances=table.distances[rows], words=words)
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

    counts, words = found.counts, _plot_words()
    title = f"{name}, {words.threshold} {threshold:.3f}"
    curve = Roc(counts.thresholds, counts.far, counts.frr)
    match wanted:
        case "distances":
            spread = (counts.thresholds, counts.same, counts.different)
            return plots.distance_spread(*spread, threshold, title=title, words=words)
        case "roc":
            return plots.roc_curve(curve, title=name, words=words)
        case "det":
            return plots.det_curve(curve, title=name, words=words)
        case "classes":
            errors = counts.errors(counts.nearest(threshold))
            names = name_classes(cache.collection().class_names)
            return plots.class_errors(errors, names, title=say("evaluate.wrong_title", title=title))
        case "p_same":
            return plots.reliability_diagram(found.trust.predicted, found.trust.observed, title=name, words=words)
    raise ValueError(f"`wanted` must be one of {FIGURES}, got {wanted!r}")


def comparison_figure(wanted: str, found: Finding) -> "Figure":
    """One of the `COMPARISON_FIGURES` of the page Compare.

    Raises:
        ValueError: There is no such figure.
    """
    from siamese_core import plots

    title, words = f"{found.model.name}: {found.a.title} · {found.b.title}", _plot_words()
    match wanted:
        case "gauge":
            gauge = found.comparison.distance, found.comparison.threshold
            return plots.distance_gauge(*gauge, margin=found.model.recipe.margin, title=title, words=words)
        case "parts":
            return plots.distance_parts(found.explain(), title=title, words=words)
    raise ValueError(f"`wanted` must be one of {COMPARISON_FIGURES}, got {wanted!r}")


def _plot_words() -> "PlotWords":
    from siamese_core.plots import PlotWords

    return PlotWords(**section("plot"))
