import numpy as np
import pytest

from siamese_core.ceiling import BLOCK_ROWS, class_posteriors, find_ceiling


def test_posteriors_are_the_votes_with_one_neighbour_shared_by_all():
    labels = np.array([0, 0, 1])
    found = class_posteriors(labels, np.array([[1, 2], [0, 2], [0, 1]]), 2)
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.5, 0.5], [2.5 / 3, 0.5 / 3]])
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_certain_and_right_classes_leave_no_mistake():
    found = find_ceiling(np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]], np.array([0, 0, 1, 1, 2]))
    assert (found.balanced_accuracy, found.class_accuracy) == (1.0, 1.0)


def test_items_that_look_alike_whatever_their_class_leave_a_guess():
    found = find_ceiling(np.full((6, 2), 0.5, np.float32), np.array([0, 0, 0, 1, 1, 1]))
    assert found.balanced_accuracy == 0.5


def test_the_ceiling_is_that_of_every_pair_and_threshold_tried_one_by_one():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, BLOCK_ROWS // 10)
    posteriors = rng.dirichlet([0.5, 0.5, 0.5], len(labels)) + 2.0 * np.eye(3)[labels]
    posteriors = (posteriors / posteriors.sum(axis=1, keepdims=True)).astype(np.float32)
    pairs = [(i, j) for i in range(len(labels)) for j in range(i)]
    is_same = np.array([labels[i] == labels[j] for i, j in pairs])
    p_same = np.array([sum(float(a) * float(b) for a, b in zip(posteriors[i], posteriors[j])) for i, j in pairs])  # noqa: B905
    best = max(((p_same >= t)[is_same].mean() + (p_same < t)[~is_same].mean()) / 2 for t in p_same)
    assert find_ceiling(posteriors, labels).balanced_accuracy == pytest.approx(best, abs=2e-3)
    assert find_ceiling(posteriors, labels).balanced_accuracy <= best


def test_blocks_hide_nothing():
    labels = np.arange(BLOCK_ROWS + 7) % 2
    assert find_ceiling(np.eye(2, dtype=np.float32)[labels], labels).balanced_accuracy == 1.0
