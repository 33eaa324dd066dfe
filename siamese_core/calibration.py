"""Distance -> the probability that two items are the same.

The curve is learned on pairs of which half are the same; what share of same pairs a person expects, the base rate,
comes in by Bayes' rule.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from siamese_core.exhaustive import all_pair_distances

BINS = 50
"""Quantiles of each kind of pairs that the curve may bend at: they lie close where the pairs do."""
SURE = 1e-3
"""No probability is nearer to 0 or 1 than this: some labels are wrong, and the validation images are few."""
FOLDS = 5
BLOCK = 1_000_000
"""Distances looked at together: of 45 million, as float64, a few copies would fill a small machine."""


@dataclass(frozen=True)
class Calibration:
    """A falling curve of probability over distance, straight between its knots and level beyond them.

    Attributes:
        kind: "logistic" or "isotonic", whichever fitted unseen validation pairs better.
        distances: (k,) increasing.
        p_same: (k,) falling, at a base rate of one half.
    """

    kind: str
    distances: np.ndarray
    p_same: np.ndarray

    def probability(self, distances: np.ndarray | float, *, base_rate: float = 0.5) -> np.ndarray:
        """P(same) at these distances when `base_rate` is the share of same pairs one expects.

        Raises:
            ValueError: `base_rate` does not lie between 0 and 1.
        """
        if not 0.0 < base_rate < 1.0:
            raise ValueError(f"`base_rate` must lie between 0 and 1, got {base_rate}")
        balanced = np.interp(distances, self.distances, self.p_same)
        same, different = balanced * base_rate, (1.0 - balanced) * (1.0 - base_rate)
        return same / (same + different)  # Bayes

    def shares(self, distances: np.ndarray) -> np.ndarray:
        """How classes at these distances (c,) share one certainty, (c,) that sum to 1: each weighs as its odds.

        One of them is taken to be the item's, each as likely as any other before the distances are known. Where all
        are far away all shares are alike: it could be anything.
        """
        p_same = self.probability(distances).clip(SURE, 1.0 - SURE)
        odds = p_same / (1.0 - p_same)
        return odds / odds.sum()

    def doubtful(self, sureness: float, *, base_rate: float = 0.5) -> tuple[float, float] | None:
        """The distances between which neither answer is as probable as `sureness`; None where there are none.

        The band ends at the curve's own ends, beyond which it is level.
        """
        fine = np.linspace(self.distances[0], self.distances[-1], 2_001)
        p_same = self.probability(fine, base_rate=base_rate)
        inside = fine[is_unsure(p_same, sureness)]
        return (float(inside[0]), float(inside[-1])) if len(inside) else None

    def to_dict(self) -> dict[str, Any]:
        """The curve as plain JSON values."""
        knots = zip(self.distances.tolist(), self.p_same.tolist(), strict=True)
        return {"kind": self.kind, "knots": [[round(distance, 6), round(p, 6)] for distance, p in knots]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Calibration":
        """The curve that `to_dict` wrote.

        Raises:
            ValueError: It is none.
        """
        knots = np.asarray(values["knots"], float)
        if knots.ndim != 2 or knots.shape[1] != 2 or not len(knots) or not np.isfinite(knots).all():
            raise ValueError("a calibration needs knots of a distance and a probability")
        distances, p_same = knots.T
        if (np.diff(distances) < 0).any() or (np.diff(p_same) > 0).any() or p_same.max() > 1.0 or p_same.min() < 0.0:
            raise ValueError("a calibration falls from at most 1 to at least 0")
        return cls(str(values["kind"]), distances, p_same)


@dataclass(frozen=True)
class Reliability:
    """How far predicted probabilities are from what happens, same and different pairs weighing alike.

    Attributes:
        ece: Expected calibration error: mean distance between predicted and observed share, over equal-width bins.
        brier: Mean squared error of the probability.
        predicted: (bins,) mean prediction of each bin that holds pairs.
        observed: (bins,) share of same pairs in it.
        weight: (bins,) its share of all pairs.
    """

    ece: float
    brier: float
    predicted: np.ndarray
    observed: np.ndarray
    weight: np.ndarray


def calibrate(embeddings: np.ndarray, labels: np.ndarray, same: np.ndarray, different: np.ndarray) -> Calibration:
    """The kind of curve that explains unseen validation pairs better, fitted to all of them.

    Judged by cross-validation over images, never over pairs: two pairs that share an image are no two witnesses.

    Args:
        embeddings: (n, d) of validation images.
        labels: (n,).
        same: Distances of all their same pairs, increasing, as `all_pair_distances` gives them.
        different: Of all their different pairs.
    """
    fold = np.arange(len(labels)) % FOLDS
    losses = np.zeros(len(FITS))
    for number in range(FOLDS):
        fit, held_out = (all_pair_distances(embeddings[of], labels[of]) for of in (fold != number, fold == number))
        losses += [log_loss(fit_curve(*fit), *held_out) for fit_curve in FITS]
    return FITS[int(np.argmin(losses))](same, different)


def is_unsure(p_same: np.ndarray | float, sureness: float) -> np.ndarray:
    """Whether, at each P(same), neither "same" nor "different" is as probable as `sureness`."""
    return np.maximum(p_same, 1.0 - np.asarray(p_same)) < sureness


def log_loss(curve: Calibration, same: np.ndarray, different: np.ndarray) -> float:
    """Mean negative logarithm of the probability given to what was true, both kinds of pairs weighing alike."""
    return float(-(np.log(curve.probability(same)).mean() + np.log1p(-curve.probability(different)).mean()) / 2.0)


def reliability(
    curve: Calibration,
    same: np.ndarray,
    different: np.ndarray,
    *,
    bins: int = 15,
    counts: tuple[np.ndarray, np.ndarray] | None = None,
) -> Reliability:
    """What a curve is worth on pairs it was not fitted to.

    Args:
        curve: The calibration.
        same: Distances of same pairs.
        different: Distances of different pairs.
        bins: Equal-width bins of probability.
        counts: How many same and how many different pairs lie at each of the distances; one where None.
    """
    of_same, of_different = counts or (None, None)
    weight_same, mass_same, error_same = _by_probability(curve, same, bins, truth=1.0, times=of_same)
    weight_different, mass_different, error_different = _by_probability(
        curve, different, bins, truth=0.0, times=of_different
    )
    weight = weight_same + weight_different
    used = weight > 0
    predicted = (mass_same + mass_different)[used] / weight[used]
    observed = weight_same[used] / weight[used]
    return Reliability(
        ece=float((weight[used] * np.abs(predicted - observed)).sum()),
        brier=error_same + error_different,
        predicted=predicted,
        observed=observed,
        weight=weight[used],
    )


def _by_probability(
    curve: Calibration, distances: np.ndarray, bins: int, *, truth: float, times: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """For one kind of pairs, which weigh one half: weight and sum of predictions in each bin, and squared error."""
    counts, sums, error = np.zeros(bins), np.zeros(bins), 0.0
    for start in range(0, len(distances), BLOCK):
        p = curve.probability(distances[start : start + BLOCK])
        times_here = None if times is None else times[start : start + BLOCK]
        place = np.minimum((p * bins).astype(np.int32), bins - 1)
        counts += np.bincount(place, times_here, minlength=bins)
        sums += np.bincount(place, p if times_here is None else p * times_here, minlength=bins)
        squares = np.square(p - truth)
        error += float(squares.sum() if times_here is None else squares @ times_here)
    weight = 0.5 / (len(distances) if times is None else times.sum())
    return counts * weight, sums * weight, error * weight


def _binned(same: np.ndarray, different: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean distance, share of same pairs, and weight of the bins between quantiles of either kind, both weighing alike.

    Both kinds of distances are increasing, as `all_pair_distances` gives them.
    """
    kinds = same, different
    ranks = np.linspace(0.0, 1.0, BINS + 1)
    edges = np.unique(np.concatenate([kind[np.rint(ranks * (len(kind) - 1)).astype(int)] for kind in kinds]))
    counts, sums = [], []
    for kind in kinds:
        starts = np.append(np.searchsorted(kind, edges), len(kind))
        parts = [kind[start:end].sum(dtype=np.float64) for start, end in pairwise(starts)]
        counts.append(np.diff(starts) / len(kind) / 2.0)
        sums.append(np.array(parts) / len(kind) / 2.0)
    weight = counts[0] + counts[1]
    used = weight > 0
    return (sums[0] + sums[1])[used] / weight[used], counts[0][used] / weight[used], weight[used]


def _isotonic(same: np.ndarray, different: np.ndarray) -> Calibration:
    """The falling step curve nearest to the observed shares (pool adjacent violators), knots at the steps' middles."""
    centres, shares, weights = _binned(same, different)
    blocks: list[list[float]] = []  # mean distance, share, weight
    for block in zip(centres.tolist(), shares.tolist(), weights.tolist(), strict=True):
        blocks.append(list(block))
        while len(blocks) > 1 and blocks[-1][1] >= blocks[-2][1]:
            last, before = blocks.pop(), blocks.pop()
            weight = before[2] + last[2]
            blocks.append([(before[i] * before[2] + last[i] * last[2]) / weight for i in (0, 1)] + [weight])
    knots = np.array(blocks)
    return Calibration("isotonic", knots[:, 0], knots[:, 1].clip(SURE, 1.0 - SURE))


def _logistic(same: np.ndarray, different: np.ndarray, *, steps: int = 50) -> Calibration:
    """The logistic curve of highest likelihood, by Newton's method on the bins; never rising.

    References:
        J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    centres, shares, weights = _binned(same, different)
    design = np.stack([np.ones_like(centres), centres], axis=1)
    coefficients = np.zeros(2)
    for _ in range(steps):
        p = _sigmoid(design @ coefficients)
        curvature = (design * (weights * p * (1.0 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        coefficients += np.linalg.solve(curvature, design.T @ (weights * (shares - p))).clip(-5.0, 5.0)
    coefficients[1] = min(coefficients[1], 0.0)
    distances = np.linspace(centres[0], centres[-1], BINS)
    p_same = _sigmoid(coefficients[0] + coefficients[1] * distances)
    return Calibration("logistic", distances, p_same.clip(SURE, 1.0 - SURE))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))


FITS = (_logistic, _isotonic)
