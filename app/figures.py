"""Figures to take away, as PNG."""

import io

import numpy as np

from app.cache import PairTable
from siamese_core import plots

DOTS_AN_INCH = 160


def ten_pairs_png(table: PairTable, rows: np.ndarray) -> bytes:
    """The tutorial's figure of the first ten of these rows' pairs."""
    rows = rows[: plots.TUTORIAL_PAIRS]
    figure = plots.ten_pairs(table.split.images, table.pairs.take(rows), distances=table.distances[rows])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_AN_INCH)
    return buffer.getvalue()
