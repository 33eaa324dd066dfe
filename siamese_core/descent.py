"""Points moved by the contrastive loss alone: what training does, with no network between."""

from dataclasses import dataclass

import numpy as np

from siamese_core.comparison import pair_distances
from siamese_core.contrastive import contrastive_gradient, contrastive_losses
from siamese_core.pairs import Pairs


@dataclass(frozen=True)
class Descent:
    """The way of n points through t gradient steps.

    Attributes:
        points: (t + 1, n, d), the first ones before any step.
        losses: (t + 1,) mean loss of the pairs that move the points.
    """

    points: np.ndarray
    losses: np.ndarray


def descend(points: np.ndarray, pairs: Pairs, *, margin: float, rate: float, steps: int) -> Descent:
    """The way of points (n, d) down the mean loss of their pairs.

    Args:
        points: Where they start.
        pairs: Pairs among them.
        margin: How far different points are pushed.
        rate: A step is this times the gradient.
        steps: How many of them.
    """
    way = [points]
    for _ in range(steps):
        way.append(way[-1] - rate * contrastive_gradient(way[-1], pairs, margin))
    losses = [contrastive_losses(pairs.is_same, pair_distances(at, pairs), margin).mean() for at in way]
    return Descent(np.stack(way), np.array(losses))
