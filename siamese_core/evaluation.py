"""How well the distances of p pairs tell same from different: error rates and thresholds.

`distances` are smaller for more alike pairs and `is_same` is True for same pairs, everywhere.
"""

from dataclasses import dataclass

import numpy as np

from siamese_core.pairs import Pairs


@dataclass(frozen=True)
class Roc:
    """Error rates of every threshold that decides differently.

    Attributes:
        thresholds: (t,) increasing distances; the first, -inf, accepts nothing.
        far: (t,) share of different pairs accepted, increasing.
        frr: (t,) share of same pairs rejected, decreasing.
    """

    thresholds: np.ndarray
    far: np.ndarray
    frr: np.ndarray

    @property
    def auc(self) -> float:
        """Area under the curve of accepted same pairs against accepted different pairs; 1 is perfect."""
        return float(np.trapezoid(1.0 - self.frr, self.far))

    @property
    def eer(self) -> float:
        """Equal error rate: where `far` and `frr` meet, between two thresholds by straight line."""
        at = int(np.argmax(self.far >= self.frr))
        gap = self.frr - self.far
        share = gap[at - 1] / (gap[at - 1] - gap[at]) if at else 0.0
        return float(self.far[at - 1] + share * (self.far[at] - self.far[at - 1])) if at else float(self.far[0])


@dataclass(frozen=True)
class DistanceHistogram:
    """How many same and different pairs lie in each of b equal steps of distance from 0 to `limit`."""

    limit: float
    same: tuple[int, ...]
    different: tuple[int, ...]


def roc(distances: np.ndarray, is_same: np.ndarray) -> Roc:
    """The ROC curve of p pairs.

    Raises:
        ValueError: The shapes differ, a distance is not finite, or one of the two kinds of pairs is missing.
    """
    distances, is_same = _checked(distances, is_same)
    order = np.argsort(distances, kind="stable")
    distances, is_same = distances[order], is_same[order]
    last_of_value = np.append(np.flatnonzero(np.diff(distances)), len(distances) - 1)
    accepted_same = np.cumsum(is_same)[last_of_value]
    accepted_different = np.cumsum(~is_same)[last_of_value]
    return Roc(
        np.append(-np.inf, distances[last_of_value]),
        np.append(0.0, accepted_different / accepted_different[-1]),
        np.append(1.0, 1.0 - accepted_same / accepted_same[-1]),
    )


def accuracy(distances: np.ndarray, is_same: np.ndarray, threshold: float) -> float:
    """Share of p pairs decided rightly when `distance <= threshold` means same."""
    distances, is_same = _checked(distances, is_same)
    return float(np.mean((distances <= threshold) == is_same))


def best_threshold(distances: np.ndarray, is_same: np.ndarray) -> float:
    """The threshold with the highest balanced accuracy, half-way to the next larger distance that occurs.

    Of several equally good thresholds the lowest is taken.
    """
    curve = roc(distances, is_same)
    lowest = 0 if curve.thresholds[1] > 0.0 else 1  # nothing is accepted only below the smallest distance, if it is > 0
    at = lowest + int(np.argmin((curve.far + curve.frr)[lowest:]))
    at_least = max(float(curve.thresholds[at]), 0.0)
    below = float(curve.thresholds[min(at + 1, len(curve.thresholds) - 1)])
    return (at_least + below) / 2.0


def distance_histogram(distances: np.ndarray, is_same: np.ndarray, *, steps: int = 50) -> DistanceHistogram:
    """Counts of p distances, up to the largest."""
    distances, is_same = _checked(distances, is_same)
    limit = float(distances.max()) or 1.0
    same, different = (
        tuple(np.histogram(distances[kind], steps, (0.0, limit))[0].tolist()) for kind in (is_same, ~is_same)
    )
    return DistanceHistogram(limit, same, different)


def bootstrap_thresholds(
    distances: np.ndarray, pairs: Pairs, count: int, rng: np.random.Generator, *, draws: int = 400
) -> np.ndarray:
    """`best_threshold` of `draws` samples of the images, drawn with replacement, increasing.

    Images are drawn and not pairs: two pairs that share an image are no two witnesses. A pair of images that were
    drawn a and b times counts a·b times; a sample without same or different pairs is drawn again.

    Args:
        distances: (p,).
        pairs: p pairs among `count` images.
        count: Images.
        rng: Draws the images.
        draws: Samples.
    """
    thresholds: list[float] = []
    while len(thresholds) < draws:
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        times_of_pair = times[pairs.left] * times[pairs.right]
        is_same = np.repeat(pairs.is_same, times_of_pair)
        if is_same.any() and not is_same.all():
            thresholds.append(best_threshold(np.repeat(distances, times_of_pair), is_same))
    return np.sort(thresholds)


def threshold_interval(
    distances: np.ndarray, pairs: Pairs, count: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Between which bounds 95 % of the thresholds lie that other draws of the images would give.

    The thresholds are those of the pairs given: where these are a sample, its chance is in them, and one that is chosen
    on all pairs moves less. The percentile bootstrap of `bootstrap_thresholds`, whose arguments it takes.
    """
    low, high = np.quantile(bootstrap_thresholds(distances, pairs, count, rng), (0.025, 0.975))
    return float(low), float(high)


def _checked(distances: np.ndarray, is_same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distances, is_same = np.asarray(distances), np.asarray(is_same, dtype=bool)
    if distances.ndim != 1 or distances.shape != is_same.shape:
        raise ValueError(f"`distances` and `is_same` must both be (p,), got {distances.shape} and {is_same.shape}")
    if not np.isfinite(distances).all():
        raise ValueError("`distances` must be finite")
    if is_same.all() or not is_same.any():
        raise ValueError("`is_same` must hold both same and different pairs")
    return distances, is_same
