"""Estimates over groups of items against the exact figures over all pairs."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from siamese_core import estimation
from siamese_core.estimation import GROUPS, STUDENT, estimate_all_pairs
from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs

FIGURES = ("balanced_accuracy", "auc", "eer")
THRESHOLD = 4.0


@pytest.fixture(scope="module")
def items():
    """3,000 items in five overlapping classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 3_000)
    return (rng.normal(size=(5, 8))[labels] + rng.normal(0, 1.2, (len(labels), 8))).astype(np.float32), labels


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(estimation, "GROUP_ITEMS", 60)


def test_intervals_hold_the_exact_figures_as_often_as_they_say(items):
    exact = evaluate_all_pairs(*all_pair_distances(*items), THRESHOLD)
    held = dict.fromkeys(FIGURES, 0)
    for seed in range(100):
        estimated = estimate_all_pairs(*items, THRESHOLD, np.random.default_rng(seed))
        for name in FIGURES:
            estimate = getattr(estimated, name)
            held[name] += estimate.low <= getattr(exact, name) <= estimate.high
    assert all(count >= 88 for count in held.values()), held  # 95 less three standard deviations


def test_an_estimate_is_the_mean_over_groups_that_share_no_item(items, monkeypatch):
    seen = []

    def watched(embeddings, labels):
        seen.append(embeddings)
        return all_pair_distances(embeddings, labels)

    monkeypatch.setattr(estimation, "all_pair_distances", watched)
    estimated = estimate_all_pairs(*items, THRESHOLD, np.random.default_rng(0))
    assert len(np.unique(np.concatenate(seen), axis=0)) == GROUPS * 60
    assert estimated.pairs == GROUPS * 60 * 59 // 2


def test_the_interval_is_students(items):
    estimated = estimate_all_pairs(*items, THRESHOLD, np.random.default_rng(0))
    groups = np.random.default_rng(0).choice(len(items[1]), GROUPS * 60, replace=False).reshape(GROUPS, 60)
    values = [evaluate_all_pairs(*all_pair_distances(items[0][rows], items[1][rows]), THRESHOLD).auc for rows in groups]
    low, high = stats.t.interval(0.95, GROUPS - 1, np.mean(values), stats.sem(values))
    wanted = {"value": np.mean(values), "low": low, "high": high}
    assert asdict(estimated.auc) == pytest.approx(wanted, rel=1e-4)
    assert pytest.approx(stats.t.ppf(0.975, GROUPS - 1), abs=1e-3) == STUDENT


def test_few_items_are_to_be_measured_exactly(items):
    with pytest.raises(ValueError, match="measure all pairs instead"):
        estimate_all_pairs(items[0][:1_199], items[1][:1_199], THRESHOLD, np.random.default_rng(0))
