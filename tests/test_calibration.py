import json

import numpy as np
import pytest

from siamese_core.calibration import (
    SURE,
    Calibration,
    _isotonic,
    _logistic,
    calibrate,
    is_unsure,
    log_loss,
    reliability,
)
from siamese_core.exhaustive import all_pair_distances

CURVE = Calibration("isotonic", np.array([0.0, 1.0]), np.array([0.9, 0.1]))


def distances(seed=0, count=4_000):
    rng = np.random.default_rng(seed)
    return np.sort(np.abs(rng.normal(0.4, 0.2, count))), np.sort(np.abs(rng.normal(1.0, 0.3, count)))


def items(seed, count=800):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    return (np.eye(4)[labels] + rng.normal(0, 0.45, (count, 4))).astype(np.float32), labels


def calibrated(seed, count=800):
    known = items(seed, count)
    return calibrate(*known, *all_pair_distances(*known))


def test_probability_runs_straight_between_knots_and_level_beyond():
    np.testing.assert_allclose(CURVE.probability(np.array([0.0, 0.5, 1.0, 9.0])), [0.9, 0.5, 0.1, 0.1])


def test_base_rate_comes_in_by_bayes_rule():
    assert CURVE.probability(0.5, base_rate=0.2) == pytest.approx(0.2)
    assert CURVE.probability(0.0, base_rate=0.1) == pytest.approx(0.9 * 0.1 / (0.9 * 0.1 + 0.1 * 0.9))


@pytest.mark.parametrize("base_rate", [0.0, 1.0, -1.0, float("nan")])
def test_base_rate_that_is_none_is_refused(base_rate):
    with pytest.raises(ValueError, match="between 0 and 1"):
        CURVE.probability(0.5, base_rate=base_rate)


def test_classes_share_one_certainty_by_their_odds():
    np.testing.assert_allclose(CURVE.shares(np.array([0.0, 0.5, 1.0])), np.array([9, 1, 1 / 9]) / (9 + 1 + 1 / 9))
    np.testing.assert_allclose(CURVE.shares(np.array([5.0, np.inf, 7.0, 9.0])), 0.25)


def test_a_curve_that_is_quite_sure_still_shares():
    sure = Calibration("isotonic", np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(sure.shares(np.array([0.0, 0.0, 2.0])), [0.5, 0.5, 0.0], atol=1e-5)


@pytest.mark.parametrize("fit", [_logistic, _isotonic])
def test_fitted_curve_falls_and_is_never_quite_sure(fit):
    curve = fit(*distances())
    assert (np.diff(curve.p_same) <= 0).all()
    assert curve.p_same.min() >= SURE
    assert curve.p_same.max() <= 1 - SURE


def test_isotonic_curve_pools_what_would_rise():
    same, different = np.repeat([0.1, 0.5, 0.9], [50, 10, 40]), np.repeat([0.1, 0.5, 0.9], [10, 50, 40])
    curve = _isotonic(same, different)
    np.testing.assert_allclose(curve.p_same, [50 / 60, 50 / 140])
    np.testing.assert_allclose(curve.distances, [0.1, (60 * 0.5 + 80 * 0.9) / 140])


def test_logistic_curve_finds_the_slope_that_made_the_pairs():
    rng = np.random.default_rng(0)
    everything = np.sort(rng.uniform(0, 2, 400_000))
    is_same = rng.random(len(everything)) < 1 / (1 + np.exp(-(3.0 - 4.0 * everything)))
    curve = _logistic(everything[is_same], everything[~is_same])
    prior = is_same.mean()  # a curve speaks of pairs of which half are the same
    logit = 3.0 - 4.0 * 0.7 - np.log(prior / (1 - prior))
    assert float(curve.probability(0.7)) == pytest.approx(1 / (1 + np.exp(-logit)), abs=0.01)


def test_calibrated_probabilities_are_true_on_other_items():
    curve = calibrated(0)
    trust = reliability(curve, *all_pair_distances(*items(1)))
    assert trust.ece < 0.03
    assert trust.weight.sum() == pytest.approx(1)
    overconfident = Calibration("isotonic", curve.distances, (curve.p_same > 0.5) * 0.998 + 0.001)
    assert reliability(overconfident, *all_pair_distances(*items(1))).ece > 2 * trust.ece


def test_reliability_is_that_of_a_loop():
    same, different = distances(3, 300)
    trust = reliability(CURVE, same, different, bins=10)
    p = np.concatenate([CURVE.probability(same), CURVE.probability(different)])
    truth = np.repeat([1.0, 0.0], 300)
    ece = sum(
        abs(p[of].mean() - truth[of].mean()) * of.mean()
        for low in range(10)
        if (of := np.minimum((p * 10).astype(int), 9) == low).any()
    )
    assert trust.ece == pytest.approx(ece)
    assert trust.brier == pytest.approx(np.mean((p - truth) ** 2))


def test_reliability_of_counted_distances_is_that_of_every_pair():
    same, different = np.array([0.1, 0.1, 0.1, 0.7]), np.array([0.4, 0.9, 0.9])
    every = reliability(CURVE, same, different)
    counted = reliability(
        CURVE, np.array([0.1, 0.7]), np.array([0.4, 0.9]), counts=(np.array([3, 1]), np.array([1, 2]))
    )
    assert (counted.ece, counted.brier) == (pytest.approx(every.ece), pytest.approx(every.brier))
    np.testing.assert_allclose(counted.observed, every.observed)
    np.testing.assert_allclose(counted.weight, every.weight)


def test_log_loss_can_be_checked_by_hand():
    assert log_loss(CURVE, np.array([0.0]), np.array([1.0])) == pytest.approx(-np.log(0.9))


def test_doubt_lies_where_neither_answer_is_probable_enough():
    low, high = CURVE.doubtful(0.7)
    assert (low, high) == (pytest.approx(0.25, abs=1e-3), pytest.approx(0.75, abs=1e-3))
    assert max(CURVE.doubtful(0.7, base_rate=0.9)) > high
    assert CURVE.doubtful(0.5) is None


def test_who_is_exactly_as_sure_as_wanted_is_not_unsure():
    assert is_unsure(np.array([0.1, 0.25, 0.5, 0.75, 0.9]), 0.75).tolist() == [False, False, True, False, False]


def test_curve_survives_json():
    curve = calibrated(2, 300)
    again = Calibration.from_dict(json.loads(json.dumps(curve.to_dict())))
    assert again.kind == curve.kind
    np.testing.assert_allclose(again.probability(0.8), curve.probability(0.8), atol=1e-5)


@pytest.mark.parametrize(
    "knots", [[], [[0, 0.5, 1]], [[0, 0.2], [1, 0.3]], [[1, 0.5], [0, 0.4]], [[0, 2.0]], [[0, float("nan")]]]
)
def test_curve_that_is_none_is_refused(knots):
    with pytest.raises(ValueError, match="a calibration"):
        Calibration.from_dict({"kind": "isotonic", "knots": knots})
