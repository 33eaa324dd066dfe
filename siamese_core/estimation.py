"""Figures over more pairs than can be looked at: what groups of items say, with an interval.

All pairs of a million items are 5 · 10¹¹. Instead, groups that share no item are drawn and each is measured exactly, by
`exhaustive`. The groups are independent witnesses, which pairs that share an item are not; so the spread of their
figures says how far their mean may be off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs

GROUPS = 20
GROUP_ITEMS = 2_000
"""20 groups of 2,000 items make 40 million pairs, about as many as the 10,000 test images."""
STUDENT = 2.093
"""The 97.5 % quantile of Student's distribution with 19 degrees of freedom, one less than there are groups."""


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval that holds its true value 95 times out of 100."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EstimatedPairs:
    """The figures of `exhaustive.AllPairs`, estimated.

    Attributes:
        pairs: Number of pairs that were looked at.
        balanced_accuracy: See `AllPairs`, as for the others.
        auc: Area under the ROC curve.
        eer: Equal error rate.
    """

    pairs: int
    balanced_accuracy: Estimate
    auc: Estimate
    eer: Estimate


def estimate_all_pairs(
    embeddings: np.ndarray, labels: np.ndarray, threshold: float, rng: np.random.Generator
) -> EstimatedPairs:
    """What `evaluate_all_pairs` would say of all pairs of n items, in time that does not grow with n.

    Args:
        embeddings: (n, d).
        labels: (n,).
        threshold: Decides the balanced accuracy.
        rng: Draws the items.

    Raises:
        ValueError: There are fewer items than the groups take, which can be measured exactly, or a group has no same
            or no different pair.
    """
    wanted = GROUPS * GROUP_ITEMS
    if len(labels) < wanted:
        raise ValueError(f"`labels` must be at least {wanted}, got {len(labels)}; measure all pairs instead")
    groups = rng.choice(len(labels), wanted, replace=False).reshape(GROUPS, GROUP_ITEMS)
    measured = [evaluate_all_pairs(*all_pair_distances(embeddings[rows], labels[rows]), threshold) for rows in groups]
    return EstimatedPairs(
        pairs=sum(group.same + group.different for group in measured),
        balanced_accuracy=_estimate([group.balanced_accuracy for group in measured]),
        auc=_estimate([group.auc for group in measured]),
        eer=_estimate([group.eer for group in measured]),
    )


def _estimate(values: Sequence[float]) -> Estimate:
    """The mean of `GROUPS` independent values, and how far it may be off by Student's distribution."""
    mean = float(np.mean(values))
    reach = STUDENT * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return Estimate(mean, mean - reach, mean + reach)
