import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from siamese_core.evaluation import (
    accuracy,
    best_threshold,
    bootstrap_thresholds,
    distance_histogram,
    roc,
    threshold_interval,
)
from siamese_core.pairs import random_pairs


def some_pairs(seed=0, count=400, ties=False):
    rng = np.random.default_rng(seed)
    is_same = rng.random(count) < 0.5
    distances = rng.normal(np.where(is_same, 0.4, 0.9), 0.25).clip(0)
    return (distances.round(1) if ties else distances), is_same


def test_pair_exactly_at_the_threshold_is_same():
    assert accuracy(np.array([0.5, 0.6]), np.array([True, False]), 0.5) == 1.0


def test_rates_can_be_checked_by_hand():
    curve = roc(np.array([0.1, 0.2, 0.3, 0.4]), np.array([True, False, True, False]))
    np.testing.assert_allclose(curve.thresholds, [-np.inf, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(curve.far, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(curve.frr, [1, 0.5, 0.5, 0, 0])
    assert curve.auc == pytest.approx(0.75)
    assert curve.eer == pytest.approx(0.5)


@pytest.mark.parametrize("ties", [False, True])
def test_auc_is_scikit_learns(ties):
    distances, is_same = some_pairs(ties=ties)
    assert roc(distances, is_same).auc == pytest.approx(roc_auc_score(is_same, -distances))


@pytest.mark.parametrize("ties", [False, True])
def test_rates_are_those_of_a_loop_over_thresholds(ties):
    distances, is_same = some_pairs(ties=ties)
    curve = roc(distances, is_same)
    for threshold, far, frr in zip(curve.thresholds, curve.far, curve.frr, strict=True):
        assert far == pytest.approx(np.mean(distances[~is_same] <= threshold))
        assert frr == pytest.approx(np.mean(distances[is_same] > threshold))


def test_perfect_and_reversed_distances_have_error_rates_0_and_1():
    is_same = np.array([True, True, False, False])
    assert roc(np.array([1.0, 2, 3, 4]), is_same).eer == 0.0
    assert roc(np.array([3.0, 4, 1, 2]), is_same).eer == 1.0


DISTANCES = st.floats(0, 4, width=32, allow_subnormal=False)


@given(st.lists(st.tuples(DISTANCES, st.booleans()), min_size=2).filter(lambda p: len({same for _, same in p}) == 2))
def test_no_threshold_beats_the_best_one(pairs):
    distances, is_same = np.array([d for d, _ in pairs]), np.array([s for _, s in pairs])

    def balanced(threshold):
        accepted = distances <= threshold
        return (accepted[is_same].mean() + (~accepted[~is_same]).mean()) / 2

    found = best_threshold(distances, is_same)
    assert found >= 0
    beaten = balanced(found) + 1e-9
    assert all(balanced(threshold) <= beaten for threshold in distances)


def test_best_threshold_lies_between_the_pairs_it_parts():
    assert best_threshold(np.array([0.2, 0.3, 0.7, 0.8]), np.array([True, True, False, False])) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("distances", "is_same", "reason"),
    [
        ([0.1, 0.2], [True, True], "both same and different"),
        ([0.1, np.nan], [True, False], "finite"),
        ([[0.1], [0.2]], [True, False], r"must both be \(p,\)"),
        ([0.1, 0.2], [True, False, True], r"must both be \(p,\)"),
    ],
)
def test_pairs_that_cannot_be_judged_are_refused(distances, is_same, reason):
    with pytest.raises(ValueError, match=reason):
        roc(np.array(distances), np.array(is_same))


def test_bootstrap_draws_images_and_counts_a_pair_as_often_as_both_were_drawn():
    labels = np.arange(40) % 2
    pairs = random_pairs(labels, 200, np.random.default_rng(1))
    distances = np.random.default_rng(2).normal(np.where(pairs.is_same, 0.4, 0.9), 0.25).clip(0)
    found = bootstrap_thresholds(distances, pairs, 40, np.random.default_rng(3), draws=5)
    rng, wanted = np.random.default_rng(3), []
    for _ in range(5):
        drawn = rng.integers(0, 40, 40).tolist()
        sample = [
            pair
            for pair in range(len(pairs))
            for _ in range(drawn.count(pairs.left[pair]) * drawn.count(pairs.right[pair]))
        ]
        wanted.append(best_threshold(distances[sample], pairs.is_same[sample]))
    assert found.tolist() == sorted(wanted)


def test_bootstrap_passes_over_samples_with_one_kind_of_pairs():
    pairs = random_pairs(np.array([0, 0, 1]), 2, np.random.default_rng(0))
    found = bootstrap_thresholds(np.array([0.2, 0.8]), pairs, 3, np.random.default_rng(0), draws=3)
    assert found.tolist() == [0.5, 0.5, 0.5]


def test_the_interval_holds_all_but_the_outermost_thresholds():
    labels = np.arange(40) % 2
    pairs = random_pairs(labels, 200, np.random.default_rng(1))
    distances = np.random.default_rng(2).normal(np.where(pairs.is_same, 0.4, 0.9), 0.25).clip(0)
    thresholds = bootstrap_thresholds(distances, pairs, 40, np.random.default_rng(3))
    low, high = threshold_interval(distances, pairs, 40, np.random.default_rng(3))
    assert np.mean((thresholds >= low) & (thresholds <= high)) == pytest.approx(0.95, abs=0.01)
    assert low < best_threshold(distances, pairs.is_same) < high


def test_histogram_counts_every_pair_once_and_ends_at_the_largest_distance():
    histogram = distance_histogram(
        np.array([0.0, 0.1, 0.9, 2.0, 1.0]), np.array([True, True, False, False, False]), steps=2
    )
    assert histogram.limit == 2.0
    assert (histogram.same, histogram.different) == ((2, 0), (1, 2))
