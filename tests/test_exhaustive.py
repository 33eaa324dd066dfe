import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from siamese_core.evaluation import best_threshold, roc
from siamese_core.exhaustive import (
    BLOCK_ROWS,
    all_pair_distances,
    best_threshold_of_all,
    evaluate_all_pairs,
    nearest_others,
    retrieval,
)


@pytest.fixture(scope="module")
def items():
    """More items than a block holds, in five overlapping classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, BLOCK_ROWS + 123)
    return (rng.normal(size=(5, 8))[labels] + rng.normal(0, 1.2, (len(labels), 8))).astype(np.float32), labels


@pytest.fixture(scope="module")
def by_loops(items):
    """Distances and truth of every pair, and the ranking of every item, the slow way."""
    embeddings, labels = items
    distances = np.sqrt(((embeddings[:, None].astype(np.float64) - embeddings) ** 2).sum(-1))
    upper = np.triu_indices(len(labels), 1)
    return distances, distances[upper], (labels[:, None] == labels)[upper]


def test_all_pairs_are_counted_once(items):
    exact = evaluate_all_pairs(*all_pair_distances(*items), threshold=3.0)
    sizes = np.bincount(items[1])
    assert exact.same == (sizes * (sizes - 1) // 2).sum()
    assert exact.same + exact.different == len(items[1]) * (len(items[1]) - 1) // 2


def test_distances_of_all_pairs_come_apart_and_in_order(items, by_loops):
    same, different = all_pair_distances(*items)
    _, distances, is_same = by_loops
    np.testing.assert_allclose(same, np.sort(distances[is_same]), rtol=1e-6)
    np.testing.assert_allclose(different, np.sort(distances[~is_same]), rtol=1e-6)


def test_exact_figures_are_those_of_all_pairs_taken_one_by_one(items, by_loops):
    _, distances, is_same = by_loops
    exact = evaluate_all_pairs(*all_pair_distances(*items), threshold=3.0)
    accepted = distances <= 3.0
    assert exact.balanced_accuracy == pytest.approx((accepted[is_same].mean() + (~accepted[~is_same]).mean()) / 2)
    assert exact.auc == pytest.approx(roc_auc_score(is_same, -distances), abs=1e-6)
    at_eer = np.quantile(distances[is_same], 1 - exact.eer)
    assert np.mean(distances[~is_same] <= at_eer) == pytest.approx(exact.eer, abs=1e-3)


def test_threshold_of_all_pairs_is_that_of_them_taken_one_by_one(items, by_loops):
    _, distances, is_same = by_loops
    assert best_threshold_of_all(*all_pair_distances(*items)) == pytest.approx(best_threshold(distances, is_same))


@pytest.mark.parametrize(
    ("same", "different", "threshold"),
    [([0.1, 0.4], [0.6, 0.9], 0.5), ([0.1, 0.4], [0.4, 0.9], 0.25), ([0.2], [0.1], 0.2), ([0.0, 0.0], [0.0, 1.0], 0.5)],
)
def test_threshold_of_all_pairs_lies_half_way_to_the_next_distance(same, different, threshold):
    assert best_threshold_of_all(np.array(same), np.array(different)) == pytest.approx(threshold)


def test_ties_count_half():
    distances = all_pair_distances(np.zeros((6, 2), np.float32), np.array([0, 0, 0, 1, 1, 1]))
    exact = evaluate_all_pairs(*distances, threshold=0.0)
    assert exact.auc == 0.5
    assert exact.eer == 0.5


def test_eer_of_tied_distances_is_that_of_the_thresholds_there_are():
    rng = np.random.default_rng(0)
    same, different = (np.sort(np.round(rng.normal(mean, 1.0, 400), 0)) for mean in (2.0, 4.0))
    is_same = np.repeat([True, False], 400)
    assert evaluate_all_pairs(same, different, 0.0).eer == roc(np.concatenate([same, different]), is_same).eer


def test_ranking_figures_are_those_of_every_item_searched_by_itself(items, by_loops):
    _, labels = items
    distances = by_loops[0]
    first, precision, at_10 = [], [], []
    for query in range(len(labels)):
        others = np.delete(np.arange(len(labels)), query)
        ranked = others[np.argsort(distances[query, others], kind="stable")]
        hits = labels[ranked] == labels[query]
        first.append(hits[0])
        precision.append(average_precision_score(hits, -distances[query, ranked]))
        at_10.append(sum(hits[: i + 1].mean() * hits[i] for i in range(10)) / 10)
    figures = retrieval(*items)
    assert figures.recall_at_1 == pytest.approx(np.mean(first))
    assert figures.map == pytest.approx(np.mean(precision))
    assert figures.map_at_10 == pytest.approx(np.mean(at_10))


def test_items_are_not_their_own_neighbours():
    figures = retrieval(np.array([[0.0], [1.0], [0.1], [1.1]], np.float32), np.array([0, 0, 1, 1]))
    assert figures.recall_at_1 == 0.0


def test_duplicates_of_an_item_are_neighbours_at_distance_zero():
    figures = retrieval(np.array([[0.0], [0.0], [1.0], [1.0]], np.float32), np.array([0, 0, 1, 1]))
    assert figures.recall_at_1 == 1.0
    assert figures.map == 1.0


def test_labels_of_one_kind_are_refused():
    with pytest.raises(ValueError, match="one same and one different"):
        all_pair_distances(np.zeros((3, 2), np.float32), np.zeros(3, int))


def test_nearest_others_are_those_found_one_by_one(items, by_loops):
    rows, distances = nearest_others(items[0], 4)
    for query, ranked in enumerate(by_loops[0]):
        others = np.delete(np.arange(len(ranked)), query)
        wanted = others[np.argsort(ranked[others], kind="stable")][:4]
        np.testing.assert_array_equal(rows[query], wanted)
        np.testing.assert_allclose(distances[query], ranked[wanted], rtol=1e-6)


def test_more_neighbours_than_there_are_others_are_refused():
    with pytest.raises(ValueError, match="between 1 and 2"):
        nearest_others(np.zeros((3, 2), np.float32), 3)
