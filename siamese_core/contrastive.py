"""The contrastive loss with its slope and gradient, in NumPy: the same as that of `losses`, without TensorFlow."""

import numpy as np

from siamese_core.pairs import Pairs


def contrastive_losses(is_same: np.ndarray, distances: np.ndarray, margin: float = 1.0) -> np.ndarray:
    """The loss (p,) of each pair: `d²` of a same one, `max(0, margin - d)²` of a different one.

    Args:
        is_same: (p,) bool.
        distances: (p,) not negative.
        margin: Distance beyond which different items cost nothing.
    """
    return np.where(is_same, np.square(distances), np.square(np.maximum(margin - distances, 0.0)))


def contrastive_slopes(is_same: np.ndarray, distances: np.ndarray, margin: float = 1.0) -> np.ndarray:
    """How much each pair's loss (p,) grows with its distance; arguments as for `contrastive_losses`."""
    return np.where(is_same, 2.0 * distances, -2.0 * np.maximum(margin - distances, 0.0))


def contrastive_gradient(points: np.ndarray, pairs: Pairs, margin: float = 1.0) -> np.ndarray:
    """The gradient (n, d) of the mean loss of pairs among n points (n, d).

    Two points that coincide have no direction to be pushed apart in, so their pair adds nothing.
    """
    difference = points[pairs.left] - points[pairs.right]
    distances = np.linalg.norm(difference, axis=1)
    slopes = contrastive_slopes(pairs.is_same, distances, margin) / len(pairs)
    push = difference * np.divide(slopes, distances, out=np.zeros_like(distances), where=distances > 0.0)[:, None]
    gradient = np.zeros_like(points)
    np.add.at(gradient, pairs.left, push)
    np.add.at(gradient, pairs.right, -push)
    return gradient
