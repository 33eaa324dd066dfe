import numpy as np
import pytest

from siamese_core.pairs import hard_pairs, random_pairs, tutorial_pairs


def loop_pairs(labels, rng):
    """The tutorial's rule as loops."""
    rows = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    count = min(map(len, rows)) - 1
    steps = rng.integers(1, len(rows), (len(rows), count))
    pairs = []
    for own in range(len(rows)):
        for i in range(count):
            other = (own + steps[own, i]) % len(rows)
            pairs.append((rows[own][i], rows[own][i + 1], True))
            pairs.append((rows[own][i], rows[other][i], False))
    return pairs


def test_pairs_follow_the_tutorials_rule():
    labels = np.random.default_rng(5).integers(0, 4, 90)
    pairs = tutorial_pairs(labels, np.random.default_rng(1))
    expected = loop_pairs(labels, np.random.default_rng(1))
    assert list(zip(pairs.left, pairs.right, pairs.is_same, strict=True)) == expected


def test_real_data_give_the_tutorials_numbers_of_pairs(fashion):
    for split, count in (("train", 119_980), ("test", 19_980)):
        assert len(tutorial_pairs(fashion.split(split).labels, np.random.default_rng(0))) == count


def test_training_pairs_take_less_than_two_megabytes(fashion):
    pairs = tutorial_pairs(fashion.split("train").labels, np.random.default_rng(0))
    assert pairs.left.nbytes + pairs.right.nbytes + pairs.is_same.nbytes < 2_000_000


@pytest.mark.parametrize("make", [tutorial_pairs, lambda labels, rng: random_pairs(labels, 5_001, rng)])
def test_truth_is_that_of_the_labels_and_kinds_alternate(make):
    labels = np.random.default_rng(3).integers(0, 7, 500)
    pairs = make(labels, np.random.default_rng(0))
    np.testing.assert_array_equal(pairs.is_same, labels[pairs.left] == labels[pairs.right])
    np.testing.assert_array_equal(pairs.is_same, np.arange(len(pairs)) % 2 == 0)
    assert (pairs.left != pairs.right).all()


def test_same_seed_same_pairs_another_seed_others():
    labels = np.arange(200) % 10
    first, again, other = (tutorial_pairs(labels, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.right, again.right)
    assert (first.right != other.right).any()


def test_random_pairs_reach_every_possible_pair():
    labels = np.array([0, 0, 0, 1, 1])
    pairs = random_pairs(labels, 4_000, np.random.default_rng(0))
    found = {tuple(sorted(pair)) for pair in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)}
    assert found == {(a, b) for a in range(5) for b in range(a + 1, 5)}


def test_a_class_of_one_item_is_never_a_positive():
    labels = np.array([0, 1, 1, 1])
    pairs = random_pairs(labels, 100, np.random.default_rng(0))
    assert 0 not in pairs.left[pairs.is_same]


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 1], []])
def test_labels_that_make_no_pairs_are_refused(labels):
    with pytest.raises(ValueError, match="two classes"):
        tutorial_pairs(np.array(labels, int), np.random.default_rng(0))


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_random_pairs_refuse_labels_of_one_kind(labels):
    with pytest.raises(ValueError, match="two classes"):
        random_pairs(np.array(labels), 10, np.random.default_rng(0))


def test_hard_pairs_lie_near_the_threshold_half_of_them_same():
    rng = np.random.default_rng(0)
    is_same = np.arange(400) % 2 == 0
    distances = rng.random(400)
    rows = hard_pairs(distances, is_same, 0.5, 10, rng)
    assert is_same[rows].sum() == 5
    assert len(set(rows.tolist())) == 10
    for kind in (True, False):
        limit = np.sort(np.abs(distances[is_same == kind] - 0.5))[19]
        assert (np.abs(distances[rows][is_same[rows] == kind] - 0.5) <= limit).all()


def test_fewer_hard_pairs_than_wanted_are_all_there_are():
    rows = hard_pairs(np.array([0.1, 0.2, 0.9]), np.array([True, False, False]), 0.5, 10, np.random.default_rng(0))
    assert sorted(rows.tolist()) == [0, 1, 2]
