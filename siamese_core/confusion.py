"""Which classes are taken for one another: the pairs of every two classes, none left out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from siamese_core.comparison import distance_matrix, euclidean_distances
from siamese_core.pairs import Pairs

STEP = 0.001
"""Distance between two thresholds that are counted at."""
MOST_STEPS = 20_000
"""So many steps at most: where embeddings reach farther, steps are longer."""
KEPT = 24
"""Pairs of every two classes kept for `hardest_mistakes`, far more than are shown: a pair shown takes its two items
away from the other classes. Among few mistakes one may be missing whose items are both in harder pairs."""


@dataclass(frozen=True)
class ClassPairs:
    """How many pairs of every two classes lie within each threshold.

    Attributes:
        thresholds: (t,) increasing from 0 until every pair lies within.
        within: (c, c, t) int64, symmetric: pairs with `distance <= threshold`, each counted once.
    """

    thresholds: np.ndarray
    within: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """(t,) same pairs accepted."""
        return np.einsum("cct->t", self.within)

    @property
    def different(self) -> np.ndarray:
        """(t,) different pairs accepted."""
        return (self.within.sum(axis=(0, 1)) - self.same) // 2

    @property
    def far(self) -> np.ndarray:
        """(t,) share of different pairs accepted."""
        return self.different / self.different[-1]

    @property
    def frr(self) -> np.ndarray:
        """(t,) share of same pairs rejected."""
        return 1.0 - self.same / self.same[-1]

    def errors(self, place: int) -> np.ndarray:
        """(c, c) share of the pairs of every two classes decided wrongly at a place; NaN where there are no pairs."""
        everything = self.within[:, :, -1]
        accepted = np.full(everything.shape, np.nan)
        np.divide(self.within[:, :, place], everything, out=accepted, where=everything > 0)
        return np.where(np.eye(len(accepted), dtype=bool), 1.0 - accepted, accepted)

    def nearest(self, threshold: float) -> int:
        """The place of the counted threshold nearest to this one."""
        return int(np.argmin(np.abs(self.thresholds - threshold)))

    def best(self) -> int:
        """The place of the highest balanced accuracy."""
        return int(np.argmin(self.far + self.frr))

    def equal(self) -> int:
        """The place where `far` and `frr` are nearest to each other."""
        return int(np.argmin(np.abs(self.far - self.frr)))

    def at_most(self, far: float) -> int:
        """The place of the largest threshold that accepts no more different pairs than this share of them."""
        return max(0, int(np.searchsorted(self.far, far, "right")) - 1)

    def at(self, places: np.ndarray) -> "ClassPairs":
        """The counts at some of the thresholds only."""
        return ClassPairs(self.thresholds[places], self.within[:, :, places])


def count_class_pairs(embeddings: np.ndarray, labels: np.ndarray, classes: int, *, exactly_at: float) -> ClassPairs:
    """Counts at every multiple of `STEP`, or of a longer step, see `MOST_STEPS`; and at one threshold besides.

    Args:
        embeddings: (n, d).
        labels: (n,) below `classes`.
        classes: c.
        exactly_at: A threshold that is none of the multiples, such as a model's own.

    Raises:
        ValueError: The labels make no same pair or no different pair.
    """
    if len(np.unique(labels)) < 2 or len(np.unique(labels)) == len(labels):
        raise ValueError("`labels` must make at least one same and one different pair")
    no_farther = 2.0 * float(np.linalg.norm(embeddings.astype(np.float64), axis=1).max())
    step = max(STEP, no_farther / MOST_STEPS)
    multiples = np.round(np.arange(int(np.ceil(no_farther / step)) + 2) * step, 6)
    thresholds = np.union1d(multiples, exactly_at)
    within = np.zeros((classes, classes, len(thresholds)), np.int64)
    for one, other, _, distances in _class_blocks(embeddings, labels):
        counts = np.searchsorted(np.sort(distances, axis=None), thresholds, "right")
        within[one, other] = within[other, one] = counts
    total = within.sum(axis=(0, 1))
    needed = max(int(np.argmax(total == total[-1])), int(np.searchsorted(thresholds, exactly_at))) + 1
    return ClassPairs(thresholds[:needed], within[:, :, :needed])


def hardest_pairs(embeddings: np.ndarray, labels: np.ndarray, *, kept: int = KEPT) -> tuple[Pairs, np.ndarray]:
    """Of every two classes the pairs that a threshold decides wrongly first: different ones near, same ones far.

    Hardest first, and each item in one pair only with a class: else a single mislabelled item would fill the list.

    Returns:
        At most `kept` pairs of every two classes, and their distances (p,) float32.
    """
    left, right = [], []
    for one, other, (rows, columns), distances in _class_blocks(embeddings, labels):
        hardness = np.where(np.isinf(distances), -np.inf, distances if one == other else -distances)
        for _ in range(kept):
            row, column = np.unravel_index(np.argmax(hardness), hardness.shape)
            if np.isinf(hardness[row, column]):
                break
            left.append(rows[row])
            right.append(columns[column])
            hardness[row] = hardness[:, column] = -np.inf
            if one == other:  # every item has a row and a column
                hardness[column] = hardness[:, row] = -np.inf
    lefts, rights = np.array(left, np.int32), np.array(right, np.int32)
    pairs = Pairs(lefts, rights, labels[lefts] == labels[rights])
    return pairs, euclidean_distances(embeddings[lefts], embeddings[rights])


def hardest_mistakes(pairs: Pairs, distances: np.ndarray, threshold: float, *, count: int) -> np.ndarray:
    """Rows of the pairs decided wrongly, farthest from the threshold first, every item in one pair only."""
    wrong = np.flatnonzero((distances <= threshold) != pairs.is_same)
    shown: list[int] = []
    seen: set[int] = set()
    for row in wrong[np.argsort(-np.abs(distances[wrong] - threshold), kind="stable")]:
        items = {int(pairs.left[row]), int(pairs.right[row])}
        if not items & seen:
            shown.append(int(row))
            seen |= items
        if len(shown) == count:
            break
    return np.array(shown, int)


def _class_blocks(
    embeddings: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[int, int, tuple[np.ndarray, np.ndarray], np.ndarray]]:
    """Every two classes, the rows (m,) and (k,) of their items, and the distances (m, k) float32 between these.

    Within a class every pair comes once; in its other places stands infinity.
    """
    classes = [int(label) for label in np.unique(labels)]
    rows = {label: np.flatnonzero(labels == label) for label in classes}
    vectors = {label: embeddings[rows[label]].astype(np.float64) for label in classes}
    for place, one in enumerate(classes):
        for other in classes[: place + 1]:
            distances = distance_matrix(vectors[one], vectors[other])
            if one == other:
                distances[np.triu_indices(len(distances))] = np.inf
            yield one, other, (rows[one], rows[other]), distances
