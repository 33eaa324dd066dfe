"""Nearest neighbours among embedded items, by exact search."""

from dataclasses import dataclass

import numpy as np

NEAREST_OF_A_CLASS = 5
"""Items that stand for their class when classes are ranked: one may be mislabelled, many blur a varied class."""


@dataclass(frozen=True)
class Neighbours:
    """The k nearest items of q queries, nearest first.

    Attributes:
        ids: (q, k) int32, the items' numbers.
        labels: (q, k) uint8.
        distances: (q, k) float32.
    """

    ids: np.ndarray
    labels: np.ndarray
    distances: np.ndarray


class Gallery:
    """Items to search: (n, d) float32 embeddings with their labels (n,) and numbers (n,)."""

    def __init__(self, embeddings: np.ndarray, labels: np.ndarray, ids: np.ndarray) -> None:
        """Keep the arrays as they are.

        Raises:
            ValueError: They are not of one length.
        """
        if not len(embeddings) == len(labels) == len(ids):
            raise ValueError(f"one label and one id an embedding, got {len(embeddings)}, {len(labels)}, {len(ids)}")
        self.embeddings, self.labels, self.ids = embeddings, labels, ids
        self._squares = np.einsum("nd,nd->n", embeddings, embeddings)

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, queries: np.ndarray, k: int, *, exclude: int | None = None) -> Neighbours:
        """The k nearest items of each of (q, d) queries, or all items where there are fewer.

        Args:
            queries: (q, d) embeddings.
            k: Neighbours wanted.
            exclude: The number of an item to leave out, for a query that is itself in the gallery.
        """
        distances = self._distances(queries)
        if exclude is not None:
            distances[:, self.ids == exclude] = np.inf
        k = min(k, int(np.isfinite(distances[:1]).sum()))
        order = np.argpartition(distances, k - 1, axis=1)[:, :k] if k else np.zeros((len(queries), 0), np.intp)
        exact = _exact_distances(queries, self.embeddings[order])
        by_distance = np.argsort(exact, axis=1, kind="stable")
        order = np.take_along_axis(order, by_distance, axis=1)
        return Neighbours(self.ids[order], self.labels[order], np.take_along_axis(exact, by_distance, axis=1))

    def class_distances(self, queries: np.ndarray, *, exclude: int | None = None) -> dict[int, np.ndarray]:
        """For each label, the mean distance (q,) of each query to the label's few nearest items."""
        distances = self._distances(queries)
        if exclude is not None:
            distances[:, self.ids == exclude] = np.inf
        means = {}
        for label in np.unique(self.labels):
            of_class = distances[:, self.labels == label]
            k = min(NEAREST_OF_A_CLASS, of_class.shape[1])
            nearest = np.partition(of_class, k - 1, axis=1)[:, :k]
            means[int(label)] = np.ma.masked_invalid(nearest).mean(axis=1).filled(np.inf)
        return means

    def _distances(self, queries: np.ndarray) -> np.ndarray:
        """Distances (q, n) good to about 1e-3 near zero, which is enough to rank by."""
        squares = np.einsum("qd,qd->q", queries, queries)[:, None] + self._squares - 2.0 * queries @ self.embeddings.T
        return np.sqrt(np.maximum(squares, 0.0))


def _exact_distances(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Distances (q, k) of (q, d) queries to (q, k, d) candidates, from the differences themselves."""
    difference = candidates - queries[:, None]
    return np.sqrt(np.einsum("qkd,qkd->qk", difference, difference))
