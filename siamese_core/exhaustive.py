"""Figures over everything there is: all pairs of n items, and every item searched among the others.

Nothing is sampled, so there is no sampling error. Time grows with n²; the 10,000 test images make 49,995,000 pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from siamese_core.comparison import distance_matrix
from siamese_core.evaluation import Roc

BLOCK_ROWS = 500
"""Rows of the distance matrix computed at once: 500 × 10,000 float64 are 40 MB."""
SERVED_ROWS = 100
"""The same where a server computes beside its visitors: 8 MB, at the same speed."""


@dataclass(frozen=True)
class AllPairs:
    """Exact figures over every pair of n items.

    Attributes:
        same: Number of same pairs.
        different: Number of different pairs.
        balanced_accuracy: Mean of the shares of same and of different pairs decided rightly at the threshold.
        auc: Area under the ROC curve, ties counted half.
        eer: Equal error rate.
    """

    same: int
    different: int
    balanced_accuracy: float
    auc: float
    eer: float


@dataclass(frozen=True)
class Retrieval:
    """Ranking figures, each item searched among all the others.

    Attributes:
        recall_at_1: Share of items whose nearest other item is of their class.
        map: Mean average precision over the whole ranking.
        map_at_10: Mean over the items of `sum of precision at each hit among the first ten / 10`, a miss counting
            nothing (Musgrave et al. 2020, section 2.3, with R cut to 10).
    """

    recall_at_1: float
    map: float
    map_at_10: float


def all_pair_distances(embeddings: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distances of all same pairs and of all different pairs among n items, each increasing.

    Every distance is kept once, as float32: 10,000 items take 200 MB.

    Args:
        embeddings: (n, d).
        labels: (n,).

    Raises:
        ValueError: The labels make no same pair or no different pair.
    """
    of_class = np.unique(labels, return_counts=True)[1].astype(np.int64)
    same = np.empty((of_class * (of_class - 1) // 2).sum(), np.float32)
    different = np.empty(len(labels) * (len(labels) - 1) // 2 - len(same), np.float32)
    if not len(same) or not len(different):
        raise ValueError("`labels` must make at least one same and one different pair")
    by_class = embeddings[np.argsort(labels, kind="stable")].astype(np.float64)
    same_end = different_end = 0
    for end, size in zip(np.cumsum(of_class).tolist(), of_class.tolist(), strict=True):
        for start in range(end - size, end, SERVED_ROWS):
            rows = by_class[start : min(start + SERVED_ROWS, end)]
            of_same = distance_matrix(rows, by_class[start:end])[np.triu_indices(len(rows), 1, end - start)]
            of_different = distance_matrix(rows, by_class[end:]).ravel()
            same[same_end : same_end + len(of_same)] = of_same
            different[different_end : different_end + len(of_different)] = of_different
            same_end, different_end = same_end + len(of_same), different_end + len(of_different)
    same.sort()
    different.sort()
    return same, different


def best_threshold_of_all(same: np.ndarray, different: np.ndarray) -> float:
    """The threshold with the highest balanced accuracy over every pair, half-way to the next larger distance.

    Of several equally good thresholds the lowest is taken. A sample of the pairs would add its own chance to that of
    the images: of the 5,000 validation images it moved the threshold of a good model by 0.03 to 0.07.

    Args:
        same: Distances of all same pairs, increasing, as `all_pair_distances` gives them.
        different: Distances of all different pairs, increasing.
    """
    up_to_same, up_to_different = (np.searchsorted(distances, same, "right") for distances in (same, different))
    best = int(np.argmax(up_to_same / len(same) - up_to_different / len(different)))
    beyond = [*same[up_to_same[best] :][:1], *different[up_to_different[best] :][:1]]
    return (float(same[best]) + float(min(beyond, default=same[best]))) / 2.0


def evaluate_all_pairs(same: np.ndarray, different: np.ndarray, threshold: float) -> AllPairs:
    """Exact balanced accuracy, AUC and EER over every pair there is.

    Args:
        same: Distances of all same pairs, increasing, as `all_pair_distances` gives them.
        different: Distances of all different pairs, increasing.
        threshold: Decides the balanced accuracy.
    """
    below = np.searchsorted(different, same, "left")
    up_to = np.searchsorted(different, same, "right")
    auc = 1.0 - (below.sum() + up_to.sum()) / 2.0 / len(same) / len(different)
    last = np.append(np.flatnonzero(np.diff(same)), len(same) - 1)  # of equal ones: no threshold lies between these
    far = np.append(0.0, up_to[last] / len(different))
    frr = np.append(1.0, 1.0 - (last + 1) / len(same))
    accepted_same = np.searchsorted(same, threshold, "right") / len(same)
    accepted_different = np.searchsorted(different, threshold, "right") / len(different)
    return AllPairs(
        same=len(same),
        different=len(different),
        balanced_accuracy=float((accepted_same + 1.0 - accepted_different) / 2.0),
        auc=float(auc),
        eer=Roc(np.append(-np.inf, same[last]), far, frr).eer,
    )


def retrieval(embeddings: np.ndarray, labels: np.ndarray) -> Retrieval:
    """Recall@1, mAP and MAP@10 of n items, each searched among the other n - 1.

    Items without another of their class have no hit to find and are left out.
    """
    hits_at_1, average_precision, precision_at_10 = [], [], []
    first = min(10, len(labels) - 1)
    for start, block in _distance_blocks(embeddings, rows=SERVED_ROWS):
        hits = _ranked_hits(block, labels, start)
        hits = hits[hits.any(axis=1)]
        rows, places = np.nonzero(hits)
        of_row = hits.sum(axis=1)
        earlier = np.arange(len(rows)) - np.repeat(np.cumsum(of_row) - of_row, of_row)  # hits of the same row
        precision = (earlier + 1) / (places + 1)
        hits_at_1.append(hits[:, 0])
        average_precision.append(np.bincount(rows, precision, len(hits)) / of_row)
        precision_at_10.append(np.bincount(rows, precision * (places < first), len(hits)) / first)
    return Retrieval(
        recall_at_1=float(np.concatenate(hits_at_1).mean()),
        map=float(np.concatenate(average_precision).mean()),
        map_at_10=float(np.concatenate(precision_at_10).mean()),
    )


def _ranked_hits(block: np.ndarray, labels: np.ndarray, start: int) -> np.ndarray:
    """Whether each nearest, second-nearest, … other item is of a row's own class: bool (rows, n - 1).

    What is sorted are the distances' own bits, which as whole numbers are in the same order, with the answer behind
    them as the last bit: to sort indices takes several times as long. Of equal distances, misses come first.

    Args:
        block: Distances (rows, n) float32 of the items from `start` on.
        labels: (n,).
        start: The first row's item.
    """
    hits = labels[start : start + len(block), None] == labels
    keys = (block + np.float32(0.0)).view(np.uint32) << 1 | hits  # no sign: adding 0 makes -0 a 0
    rows = np.arange(len(block))
    keys[rows, start + rows] = 0  # each item itself, first in its own ranking, then dropped
    keys.sort(axis=1)
    return (keys[:, 1:] & 1).astype(bool)


def nearest_others(embeddings: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each of n items the k nearest others, nearest first: their rows (n, k) int32 and distances (n, k) float32.

    Raises:
        ValueError: There are not that many others.
    """
    if not 1 <= k < len(embeddings):
        raise ValueError(f"`k` must lie between 1 and {len(embeddings) - 1}, got {k}")
    rows, nearest = np.empty((len(embeddings), k), np.int32), np.empty((len(embeddings), k), np.float32)
    for start, block in _distance_blocks(embeddings, rows=SERVED_ROWS):
        own = np.arange(len(block))
        block[own, start + own] = np.inf
        candidates = np.argpartition(block, k - 1, axis=1)[:, :k]
        distances = np.take_along_axis(block, candidates, axis=1)
        order = np.argsort(distances, axis=1, kind="stable")
        rows[start : start + len(block)] = np.take_along_axis(candidates, order, axis=1)
        nearest[start : start + len(block)] = np.take_along_axis(distances, order, axis=1)
    return rows, nearest


def _distance_blocks(embeddings: np.ndarray, *, rows: int = BLOCK_ROWS) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks (rows, n) of the distance matrix as float32, each with the row it starts at."""
    embeddings = embeddings.astype(np.float64)  # once, not for every block
    for start in range(0, len(embeddings), rows):
        yield start, distance_matrix(embeddings[start : start + rows], embeddings)
