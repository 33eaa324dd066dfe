"""How well pairs are told apart by the classes of their items' neighbours alone.

Two items are the same where their classes are. Whoever knows only how likely each class is for each item does best by
the probability that both classes are equal, the sum over classes of the two items' products.
"""

from dataclasses import dataclass

import numpy as np

BINS = 10_000
BLOCK_ROWS = 100
"""Rows of the matrix of products computed at once: 100 × 10,000 float32 are 4 MB."""


@dataclass(frozen=True)
class Ceiling:
    """The best that class probabilities allow to whoever knows nothing else; distances may do better.

    Attributes:
        balanced_accuracy: Over all pairs, by the best threshold on the probability that both classes are equal.
        class_accuracy: Share of items whose likeliest class is theirs.
    """

    balanced_accuracy: float
    class_accuracy: float


def class_posteriors(labels: np.ndarray, neighbours: np.ndarray, classes: int) -> np.ndarray:
    """How likely each class is for each item by its nearest others, (n, c) float32, rows sum to 1.

    One more neighbour, shared by all classes, keeps every probability above zero.

    Args:
        labels: (n,) below `classes`.
        neighbours: (n, k) rows of each item's nearest others.
        classes: c.
    """
    votes = labels[neighbours]
    counts = np.stack([(votes == label).sum(axis=1) for label in range(classes)], axis=1)
    return ((counts + 1.0 / classes) / (votes.shape[1] + 1.0)).astype(np.float32)


def find_ceiling(posteriors: np.ndarray, labels: np.ndarray) -> Ceiling:
    """The ceiling of (n, c) class probabilities, over all pairs of n items.

    The probability that both classes are equal is cut into `BINS` equal steps; the threshold is as fine as that.
    """
    counts = np.zeros((2, BINS + 1), np.int64)
    for start in range(0, len(labels), BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, len(labels)))
        p_same = posteriors[rows] @ posteriors.T
        later = np.arange(len(labels)) > rows[:, None]
        equal = labels[rows, None] == labels
        for kind, of_kind in enumerate((later & ~equal, later & equal)):
            counts[kind] += np.bincount((p_same[of_kind] * BINS).astype(np.int64).clip(0, BINS), minlength=BINS + 1)
    below_different, below_same = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    return Ceiling(
        balanced_accuracy=float(((below_different - below_same).max() + 1.0) / 2.0),
        class_accuracy=float(np.mean(posteriors.argmax(axis=1) == labels)),
    )
