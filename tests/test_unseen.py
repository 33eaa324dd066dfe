import numpy as np
import pytest

from siamese_core.unseen import evaluate_left_out, evaluate_unseen, one_shot


@pytest.fixture(scope="module")
def items():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 400)
    return (np.eye(5)[labels] * 2 + rng.normal(0, 0.7, (400, 5))).astype(np.float32), labels


def test_pairs_are_told_apart_by_what_training_saw(items):
    embeddings, labels = items
    figures = evaluate_unseen(embeddings, labels, np.array([3, 4]), threshold=2.0)
    distances = np.linalg.norm(embeddings[:, None].astype(float) - embeddings, axis=-1)
    unseen = labels >= 3
    assert figures.mixed_far == pytest.approx(np.mean(distances[unseen][:, ~unseen] <= 2.0))
    among = np.triu_indices(unseen.sum(), 1)
    is_same = (labels[unseen][:, None] == labels[unseen])[among]
    accepted = distances[unseen][:, unseen][among] <= 2.0
    expected = (accepted[is_same].mean() + (~accepted[~is_same]).mean()) / 2
    assert figures.unseen_balanced_accuracy == pytest.approx(expected)


@pytest.mark.parametrize("held_out", [[], [1], [0, 1, 2, 3]])
def test_too_few_classes_on_a_side_are_refused(items, held_out):
    with pytest.raises(ValueError, match="at least two classes"):
        evaluate_unseen(*items, np.array(held_out), threshold=1.0)


def test_pairs_of_the_left_out_class_are_those_of_a_loop(items):
    embeddings, labels = items
    figures = evaluate_left_out(embeddings, labels, 2, threshold=2.0)
    same, different = [], []
    for i in np.flatnonzero(labels == 2):
        for j in range(len(labels)):
            if labels[j] != 2 or i < j:
                (same if labels[j] == 2 else different).append(np.linalg.norm(embeddings[i] - embeddings[j]))
    same, different = np.array(same), np.array(different)
    assert figures.auc == pytest.approx(np.mean(same[:, None] < different))
    assert figures.balanced_accuracy == pytest.approx((np.mean(same <= 2.0) + np.mean(different > 2.0)) / 2)


@pytest.mark.parametrize("labels", [np.zeros(4), np.array([0, 1, 1, 1])])
def test_left_out_class_without_pairs_or_without_others_is_refused(labels):
    with pytest.raises(ValueError, match="at least two items, and not of all"):
        evaluate_left_out(np.eye(4), labels, 0, threshold=1.0)


def test_one_shot_is_that_of_a_loop(items):
    embeddings, labels = items
    rng = np.random.default_rng(1)
    shots = [rng.choice(np.flatnonzero(labels == label)) for label in range(5)]
    right = [
        labels[shots[np.argmin(np.linalg.norm(embeddings[shots] - embeddings[item], axis=1))]] == labels[item]
        for item in range(len(labels))
        if item not in shots
    ]
    found = one_shot(embeddings, labels, np.random.default_rng(1), draws=1)
    assert found.accuracy == pytest.approx(np.mean(right))
    assert found.ways == 5


def test_classes_far_apart_are_known_from_one_shot():
    labels = np.arange(60) % 3
    embeddings = np.eye(3, dtype=np.float32)[labels] + np.random.default_rng(0).normal(0, 0.01, (60, 3)).astype(
        np.float32
    )
    found = one_shot(embeddings, labels, np.random.default_rng(0), draws=20)
    assert (found.accuracy, found.low, found.high) == (1.0, 1.0, 1.0)
