"""Figures to take away, as PNG or SVG."""

import io
from collections.abc import Callable
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from app import cache
from app.cache import Diagnosis, PairTable
from siamese_core import plots
from siamese_core.evaluation import Roc

DOTS_AN_INCH = 160


def ten_pairs_png(table: PairTable, rows: np.ndarray) -> bytes:
    """The tutorial's figure of the first ten of these rows' pairs."""
    rows = rows[: plots.TUTORIAL_PAIRS]
    figure = plots.ten_pairs(table.split.images, table.pairs.take(rows), distances=table.distances[rows])
    return drawn(figure, "png")


def drawn(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """The figure as a file of this kind."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_AN_INCH)
    return buffer.getvalue()


def diagnosis_figures(found: Diagnosis, threshold: float, name: str) -> dict[str, Callable[[], Figure]]:
    """What draws each figure of the page Evaluate, by its name."""
    counts, title = found.counts, f"{name}, threshold {threshold:.3f}"
    curve = Roc(counts.thresholds, counts.far, counts.frr)
    return {
        "Distances": lambda: plots.distance_spread(
            counts.thresholds, counts.same, counts.different, threshold, title=title
        ),
        "ROC": lambda: plots.roc_curve(curve, title=name),
        "DET": lambda: plots.det_curve(curve, title=name),
        "Classes": lambda: plots.class_errors(
            counts.errors(counts.nearest(threshold)), cache.collection().class_names, title=f"Wrong pairs, %: {title}"
        ),
        "P(same)": lambda: plots.reliability_diagram(found.trust.predicted, found.trust.observed, title=name),
    }
