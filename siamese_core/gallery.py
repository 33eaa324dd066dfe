"""Nearest neighbours among embedded items: exact up to as many as `index` can look at, about all of them above."""

from dataclasses import dataclass

import numpy as np

from siamese_core.index import ExactIndex, build_index

NEAREST_OF_A_CLASS = 20
"""Items that stand for their class when classes are ranked: some may be mislabelled, many blur a varied class."""


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
        self._exact, self._index = ExactIndex(embeddings), build_index(embeddings)

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, queries: np.ndarray, k: int, *, exclude: int | None = None) -> Neighbours:
        """The k nearest items of each of (q, d) queries, or all items where there are fewer.

        Args:
            queries: (q, d) embeddings.
            k: Neighbours wanted.
            exclude: The number of an item to leave out, for a query that is itself in the gallery.
        """
        left_out = 0 if exclude is None else int(np.count_nonzero(self.ids == exclude))
        k = min(k, len(self) - left_out)
        rows = self._index.candidates(queries, k + left_out) if k else np.zeros((len(queries), 0), np.intp)
        distances = _exact_distances(queries, self.embeddings[rows])
        if left_out:
            distances[self.ids[rows] == exclude] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        rows = np.take_along_axis(rows, order, axis=1)
        return Neighbours(self.ids[rows], self.labels[rows], np.take_along_axis(distances, order, axis=1))

    def class_distances(self, queries: np.ndarray, *, exclude: int | None = None) -> dict[int, np.ndarray]:
        """For each label, the mean distance (q,) of each query to the label's few nearest items."""
        distances = self._exact.distances(queries)
        if exclude is not None:
            distances[:, self.ids == exclude] = np.inf
        means = {}
        for label in np.unique(self.labels):
            of_class = distances[:, self.labels == label]
            k = min(NEAREST_OF_A_CLASS, of_class.shape[1])
            nearest = np.partition(of_class, k - 1, axis=1)[:, :k]
            means[int(label)] = np.ma.masked_invalid(nearest).mean(axis=1).filled(np.inf)
        return means


def _exact_distances(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Distances (q, k) of (q, d) queries to (q, k, d) candidates, from the differences themselves."""
    difference = candidates - queries[:, None]
    return np.sqrt(np.einsum("qkd,qkd->qk", difference, difference))
