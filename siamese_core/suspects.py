"""Items that are likely mislabelled: their nearest neighbours agree on another class."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Suspects:
    """s items whose neighbours contradict their label, the clearest case first.

    Attributes:
        rows: (s,) the items' rows.
        proposed: (s,) the class that most of their neighbours have.
        agreement: (s,) share of the neighbours with it, above one half.
        own: (s,) share of the neighbours with the item's own label.
    """

    rows: np.ndarray
    proposed: np.ndarray
    agreement: np.ndarray
    own: np.ndarray


def find_suspects(labels: np.ndarray, neighbours: np.ndarray, distances: np.ndarray) -> Suspects:
    """The items whose neighbours contradict their label.

    Ranked by how much larger the share of the other class is than that of the label; of equal ones, those that lie
    nearer to their neighbours come first.

    Args:
        labels: (n,).
        neighbours: (n, k) rows of each item's nearest others, see `exhaustive.nearest_others`.
        distances: (n, k).
    """
    votes = labels[neighbours]
    shares = np.stack([(votes == label).mean(axis=1) for label in range(int(labels.max()) + 1)], axis=1)  # (n, c)
    proposed = shares.argmax(axis=1)
    agreement, own = shares.max(axis=1), shares[np.arange(len(labels)), labels]
    rows = np.flatnonzero((proposed != labels) & (agreement > 0.5))
    rows = rows[np.lexsort((distances[rows].mean(axis=1), own[rows] - agreement[rows]))]
    return Suspects(rows, proposed[rows], agreement[rows], own[rows])
