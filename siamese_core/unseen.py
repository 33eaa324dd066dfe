"""How an encoder does on classes that it never saw in training: pairs among them, and one-shot recognition.

On classes it was trained on, a classifier in disguise wins; whether distances mean likeness shows only here.
"""

from dataclasses import dataclass

import numpy as np

from siamese_core.comparison import distance_matrix
from siamese_core.exhaustive import BLOCK_ROWS, all_pair_distances, evaluate_all_pairs

DRAWS = 1_000


@dataclass(frozen=True)
class UnseenPairs:
    """Exact figures over all test pairs, by how many of the two classes were held out.

    Attributes:
        seen_auc: Pairs of two seen classes; `seen_balanced_accuracy` at the model's threshold.
        seen_balanced_accuracy: See `seen_auc`.
        mixed_far: Share of pairs of a seen and an unseen class, all of them different, taken for the same.
        unseen_auc: Pairs of two unseen classes, equal or not; `unseen_balanced_accuracy` at the model's threshold.
        unseen_balanced_accuracy: See `unseen_auc`.
    """

    seen_auc: float
    seen_balanced_accuracy: float
    mixed_far: float
    unseen_auc: float
    unseen_balanced_accuracy: float


@dataclass(frozen=True)
class LeftOutPairs:
    """Exact figures over all test pairs with at least one item of the only class that was held out.

    Attributes:
        auc: Its same pairs against its pairs with items of seen classes.
        balanced_accuracy: The same at the model's threshold.
    """

    auc: float
    balanced_accuracy: float


@dataclass(frozen=True)
class OneShot:
    """One image a class is known, all others go to the class of the nearest.

    Attributes:
        accuracy: Mean over the draws of shots.
        low: Lower end of the middle 95 % of draws.
        high: Upper end.
        ways: Classes to choose among.
    """

    accuracy: float
    low: float
    high: float
    ways: int


def evaluate_unseen(embeddings: np.ndarray, labels: np.ndarray, held_out: np.ndarray, threshold: float) -> UnseenPairs:
    """Pairs of seen, mixed and unseen classes apart.

    Args:
        embeddings: (n, d) of the test images.
        labels: (n,).
        held_out: Labels that training never saw; at least two, and two others remain.
        threshold: Chosen on validation pairs of seen classes.

    Raises:
        ValueError: Fewer than two classes on either side.
    """
    unseen = np.isin(labels, held_out)
    if min(len(np.unique(labels[unseen])), len(np.unique(labels[~unseen]))) < 2:
        raise ValueError("`held_out` must hold at least two classes and leave at least two")
    of_seen, of_unseen = (
        evaluate_all_pairs(*all_pair_distances(embeddings[of], labels[of]), threshold) for of in (~unseen, unseen)
    )
    return UnseenPairs(
        of_seen.auc,
        of_seen.balanced_accuracy,
        _share_within(embeddings[unseen], embeddings[~unseen], threshold),
        of_unseen.auc,
        of_unseen.balanced_accuracy,
    )


def evaluate_left_out(embeddings: np.ndarray, labels: np.ndarray, left_out: int, threshold: float) -> LeftOutPairs:
    """Pairs that hold an item of the one class that training never saw.

    Args:
        embeddings: (n, d) of the test images.
        labels: (n,).
        left_out: The label of the class; at least two items have it, and at least one has another.
        threshold: Chosen on validation pairs of seen classes.

    Raises:
        ValueError: The class makes no same pair, or there is no other.
    """
    own, others = embeddings[labels == left_out], embeddings[labels != left_out]
    if len(own) < 2 or not len(others):
        raise ValueError("`left_out` must be the label of at least two items, and not of all")
    same = np.sort(distance_matrix(own, own)[np.triu_indices(len(own), 1)])
    different = np.sort(distance_matrix(own, others).ravel())
    figures = evaluate_all_pairs(same, different, threshold)
    return LeftOutPairs(figures.auc, figures.balanced_accuracy)


def one_shot(embeddings: np.ndarray, labels: np.ndarray, rng: np.random.Generator, *, draws: int = DRAWS) -> OneShot:
    """One-shot recognition among all classes present in (n,) `labels`.

    Args:
        embeddings: (n, d).
        labels: (n,).
        rng: Draws the one image a class.
        draws: How often.
    """
    classes = np.unique(labels)
    rows = [np.flatnonzero(labels == label) for label in classes]
    vectors, accuracies = embeddings.astype(np.float64), np.empty(draws)
    for draw in range(draws):
        shots = np.array([rng.choice(of_class) for of_class in rows])
        nearest = np.argmin(distance_matrix(vectors, vectors[shots]), axis=1)
        right = classes[nearest] == labels
        accuracies[draw] = (right.sum() - right[shots].sum()) / (len(labels) - len(shots))
    low, high = np.quantile(accuracies, [0.025, 0.975])
    return OneShot(float(accuracies.mean()), float(low), float(high), len(classes))


def _share_within(left: np.ndarray, right: np.ndarray, threshold: float) -> float:
    """The share of all pairs of a left and a right embedding that are no farther apart than the threshold."""
    blocks = (left[row : row + BLOCK_ROWS] for row in range(0, len(left), BLOCK_ROWS))
    within = sum(int((distance_matrix(block, right) <= threshold).sum()) for block in blocks)
    return within / (len(left) * len(right))
