"""Which pairs of a table a visitor wants to see, and in which order."""

from dataclasses import dataclass

import numpy as np

from app.cache import PairTable

ORDERS = ("made", "near", "far", "threshold")


@dataclass(frozen=True)
class PairFilter:
    """What a pair must be to be shown.

    Attributes:
        truth: "all", "same" or "different".
        verdict: "all", "right" or "wrong".
        one: label of one of the two items; None for any.
        other: label of the other one; None for any.
        least: smallest distance; None for any.
        most: largest distance; None for any.
        order: one of `ORDERS`.
    """

    truth: str
    verdict: str
    one: int | None
    other: int | None
    least: float | None
    most: float | None
    order: str

    def rows(self, table: PairTable, threshold: float) -> np.ndarray:
        """Rows of the pairs that pass, in order."""
        pairs, distances, labels = table.pairs, table.distances, table.split.labels
        keep = np.ones(len(pairs), bool)
        if self.truth != "all":
            keep &= pairs.is_same == (self.truth == "same")
        if self.verdict != "all":
            keep &= ((distances <= threshold) == pairs.is_same) == (self.verdict == "right")
        keep &= self._of_classes(labels[pairs.left], labels[pairs.right])
        if self.least is not None:
            keep &= distances >= self.least
        if self.most is not None:
            keep &= distances <= self.most
        rows = np.flatnonzero(keep)
        by = {
            "near": distances[rows],
            "far": -distances[rows],
            "threshold": np.abs(distances[rows] - threshold),
        }
        return rows[np.argsort(by[self.order], kind="stable")] if self.order in by else rows

    def _of_classes(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        def fits(labels: np.ndarray, wanted: int | None) -> np.ndarray:
            return np.ones(len(labels), bool) if wanted is None else labels == wanted

        return (fits(left, self.one) & fits(right, self.other)) | (fits(right, self.one) & fits(left, self.other))
