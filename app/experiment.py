"""A few items on the plane that follow the contrastive loss: as it should go, and three ways it can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siamese_core.collection import Split
from siamese_core.comparison import pair_distances
from siamese_core.descent import Descent, descend
from siamese_core.evaluation import accuracy
from siamese_core.pairs import Pairs, tutorial_pairs

SEED = 2
ITEMS_A_CLASS = 8
LABELS = (1, 8, 9)
"""Trousers, bags, ankle boots: outlines that are told apart at a glance."""
STEPS = 60
RATE = 2.0
TUTORIAL_THRESHOLD = 0.5


@dataclass(frozen=True)
class Case:
    """One way to learn.

    Attributes:
        margin: how far different items are pushed.
        same_only: whether different pairs are left out.
        spread: how far about the items start, standard deviation.
    """

    margin: float = 1.0
    same_only: bool = False
    spread: float = 0.3


CASES: Mapping[str, Case] = {
    "good": Case(),
    "narrow": Case(margin=0.1),
    "same": Case(same_only=True),
    "collapsed": Case(spread=0.0),
}


@dataclass(frozen=True)
class Experiment:
    """What one case does.

    Attributes:
        rows: (n,) of the split that the items come from.
        case: how they learn.
        pairs: of the items, rows of `rows`.
        way: of the items.
        same: (t + 1,) mean distance of the same pairs, after every step; `different` that of the different ones.
        different: See `same`.
        accuracy: (t + 1,) share of all pairs decided rightly at the tutorial's threshold.
    """

    rows: np.ndarray
    case: Case
    pairs: Pairs
    way: Descent
    same: np.ndarray
    different: np.ndarray
    accuracy: np.ndarray


def run_experiment(case: Case, split: Split) -> Experiment:
    """Let the first items of three classes follow the loss from where the seed puts them."""
    rows = np.concatenate([np.flatnonzero(split.labels == label)[:ITEMS_A_CLASS] for label in LABELS])
    rng = np.random.default_rng(SEED)
    start = rng.normal(0.0, 1.0, (len(rows), 2)) * case.spread
    pairs = tutorial_pairs(split.labels[rows], rng)
    moving = pairs.take(pairs.is_same) if case.same_only else pairs
    way = descend(start, moving, margin=case.margin, rate=RATE, steps=STEPS)
    distances = np.stack([pair_distances(points, pairs) for points in way.points])
    return Experiment(
        rows,
        case,
        pairs,
        way,
        same=distances[:, pairs.is_same].mean(axis=1),
        different=distances[:, ~pairs.is_same].mean(axis=1),
        accuracy=np.array([accuracy(step, pairs.is_same, TUTORIAL_THRESHOLD) for step in distances]),
    )
