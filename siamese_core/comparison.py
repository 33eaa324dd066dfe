"""Two embeddings -> their distance and the verdict."""

from dataclasses import dataclass

import numpy as np

from siamese_core.pairs import Pairs


@dataclass(frozen=True)
class Comparison:
    """What a model says of two items.

    Attributes:
        distance: Euclidean, not negative; smaller is more alike.
        threshold: The largest distance that still means same.
    """

    distance: float
    threshold: float

    @property
    def same(self) -> bool:
        """The verdict: whether the distance is at most the threshold."""
        return self.distance <= self.threshold


def compare(a: np.ndarray, b: np.ndarray, threshold: float) -> Comparison:
    """The comparison of two embeddings (d,).

    Raises:
        ValueError: They are not two vectors of one length.
    """
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"`a` and `b` must both have shape (d,), got {a.shape} and {b.shape}")
    return Comparison(float(euclidean_distances(a, b)), float(threshold))


def euclidean_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances between embeddings along the last axis, which broadcast against each other; float32."""
    difference = a - b
    return np.sqrt(np.einsum("...d,...d->...", difference, difference))


def distance_matrix(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The distances (n, m) float32 of every embedding (n, d) on the left to every one (m, d) on the right.

    Products are summed in float64: in float32 the difference of two squares loses the small distances.
    """
    left, right = left.astype(np.float64, copy=False), right.astype(np.float64, copy=False)
    squares = left @ right.T
    squares *= -2.0
    squares += np.einsum("nd,nd->n", left, left)[:, None]
    squares += np.einsum("md,md->m", right, right)
    return np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares).astype(np.float32)


def pair_distances(embeddings: np.ndarray, pairs: Pairs) -> np.ndarray:
    """The distance (p,) float32 of each pair among embeddings (n, d)."""
    return euclidean_distances(embeddings[pairs.left], embeddings[pairs.right])
