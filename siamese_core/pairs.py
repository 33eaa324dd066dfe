"""Positive and negative pairs, as row numbers, from labels and a seeded Generator."""

from dataclasses import dataclass

import numpy as np

from siamese_core.collection import VALIDATION_SEED


@dataclass(frozen=True)
class Pairs:
    """p pairs of items, as rows of the arrays that the labels came from.

    Attributes:
        left: (p,) int32.
        right: (p,) int32.
        is_same: (p,) bool, True where both items are of one class.
    """

    left: np.ndarray
    right: np.ndarray
    is_same: np.ndarray

    def __len__(self) -> int:
        return len(self.is_same)

    def take(self, order: np.ndarray) -> "Pairs":
        """The pairs in this order, or those that a boolean mask keeps."""
        return Pairs(self.left[order], self.right[order], self.is_same[order])


def tutorial_pairs(labels: np.ndarray, rng: np.random.Generator) -> Pairs:
    """The tutorial's pairs: same and different in turn, class after class.

    With n one less than the size of the smallest class, the i-th of n positives of a class is its items i and i + 1
    in file order, and the i-th negative its item i and the item i of another class, drawn at random.

    Args:
        labels: (m,) of at least two classes.
        rng: Draws the other class of each negative.

    Returns:
        2 * n * classes pairs.

    Raises:
        ValueError: There is one class only, or a class with a single item.
    """
    classes = np.unique(labels)
    rows = [np.flatnonzero(labels == label).astype(np.int32) for label in classes]
    count = min((len(of_class) for of_class in rows), default=0) - 1
    if len(classes) < 2 or count < 1:
        raise ValueError("`labels` must hold at least two classes of at least two items each")
    by_class = np.stack([of_class[: count + 1] for of_class in rows])  # (classes, n + 1)
    own = np.arange(len(classes))[:, None]
    other = (own + rng.integers(1, len(classes), (len(classes), count))) % len(classes)
    anchor, positive = by_class[:, :-1], by_class[:, 1:]
    negative = by_class[other, np.arange(count)]
    right = np.stack([positive, negative], axis=-1)  # (classes, n, 2)
    is_same = np.arange(right.size) % 2 == 0
    return Pairs(np.repeat(anchor.ravel(), 2), right.ravel(), is_same)


HARD_SHARE = 0.05
"""Share of the same and of the different pairs that counts as hard."""


def validation_pairs(labels: np.ndarray) -> Pairs:
    """The tutorial's pairs of the validation images with these labels (v,): the same ones wherever they choose."""
    return tutorial_pairs(labels, np.random.default_rng(VALIDATION_SEED))


def hard_pairs(
    distances: np.ndarray, is_same: np.ndarray, threshold: float, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Rows of `count` pairs that lie near the threshold, half of them same, in random order; fewer where there are.

    Args:
        distances: (p,).
        is_same: (p,).
        threshold: What they are near to.
        count: Pairs wanted.
        rng: Draws them out of the twentieth of each kind that lies nearest.
    """
    drawn = []
    for kind, wanted in ((True, count - count // 2), (False, count // 2)):
        rows = np.flatnonzero(is_same == kind)
        hard = max(wanted, round(HARD_SHARE * len(rows)))
        nearest = rows[np.argsort(np.abs(distances[rows] - threshold), kind="stable")[:hard]]
        drawn.append(rng.choice(nearest, min(wanted, len(nearest)), replace=False))
    return rng.permutation(np.concatenate(drawn))


def random_pairs(labels: np.ndarray, count: int, rng: np.random.Generator) -> Pairs:
    """Pairs drawn at random, same and different in turn, no item paired with itself.

    Args:
        labels: (m,) of at least two classes, one of which has two items.
        count: Pairs wanted.
        rng: Draws the anchors, then their partners.

    Raises:
        ValueError: No positive or no negative can be made of these labels.
    """
    classes, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2 or sizes.max() < 2:
        raise ValueError("`labels` must hold at least two classes, one of them with two items or more")
    order = np.argsort(index, kind="stable").astype(np.int32)  # rows, class after class
    starts = np.cumsum(sizes) - sizes
    is_same = np.arange(count) % 2 == 0
    slot = np.empty(len(labels), np.int64)
    slot[order] = np.arange(len(labels))  # where each row stands in `order`

    pairable = order[sizes[index[order]] > 1]
    left = np.where(is_same, rng.choice(pairable, count), rng.integers(0, len(labels), count))
    start, size = starts[index[left]], sizes[index[left]]
    step = np.where(is_same, rng.integers(1, np.maximum(size, 2)), rng.integers(0, len(labels) - size))
    within = start + (slot[left] - start + step) % size  # another item of the same class
    outside = (start + size + step) % len(labels)  # an item of another class
    return Pairs(left.astype(np.int32), order[np.where(is_same, within, outside)], is_same)
