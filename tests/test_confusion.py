import numpy as np
import pytest

from siamese_core.confusion import STEP, count_class_pairs, hardest_mistakes, hardest_pairs
from siamese_core.pairs import Pairs


@pytest.fixture(scope="module")
def items():
    """60 items of three overlapping classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    return (rng.normal(size=(3, 4))[labels] + rng.normal(0, 0.7, (60, 4))).astype(np.float32), labels


@pytest.fixture(scope="module")
def by_loops(items):
    """Every pair once: left, right, distance."""
    embeddings, labels = items
    return [
        (i, j, np.sqrt(((embeddings[i].astype(float) - embeddings[j]) ** 2).sum()))
        for i in range(len(labels))
        for j in range(i)
    ]


@pytest.mark.parametrize("threshold", [0.0, 0.7, 1.234567, 2.0])
def test_counts_are_those_of_all_pairs_taken_one_by_one(items, by_loops, threshold):
    _, labels = items
    counts = count_class_pairs(*items, 3, exactly_at=threshold)
    wanted = np.zeros((3, 3), int)
    for i, j, distance in by_loops:
        if distance <= threshold:
            wanted[labels[i], labels[j]] += 1
            if labels[i] != labels[j]:
                wanted[labels[j], labels[i]] += 1
    at = counts.nearest(threshold)
    assert counts.thresholds[at] == threshold
    np.testing.assert_array_equal(counts.within[:, :, at], wanted)


def test_rates_are_those_of_all_pairs_taken_one_by_one(items, by_loops):
    _, labels = items
    counts = count_class_pairs(*items, 3, exactly_at=1.5)
    at = counts.nearest(1.5)
    is_same = np.array([labels[i] == labels[j] for i, j, _ in by_loops])
    accepted = np.array([distance <= 1.5 for *_, distance in by_loops])
    assert counts.far[at] == pytest.approx(accepted[~is_same].mean())
    assert counts.frr[at] == pytest.approx((~accepted)[is_same].mean())
    assert counts.far[-1] == 1.0
    assert counts.frr[-1] == 0.0


def test_errors_of_two_classes_are_those_of_their_pairs(items, by_loops):
    _, labels = items
    counts = count_class_pairs(*items, 4, exactly_at=1.5)
    errors = counts.errors(counts.nearest(1.5))
    for one in range(3):
        for other in range(3):
            wrong = [(d <= 1.5) != (one == other) for i, j, d in by_loops if {labels[i], labels[j]} == {one, other}]
            assert errors[one, other] == pytest.approx(np.mean(wrong))
    assert np.isnan(errors[3]).all()


def test_a_threshold_besides_the_multiples_is_counted_at_exactly(items):
    counts = count_class_pairs(*items, 3, exactly_at=0.78999987)
    assert 0.78999987 in counts.thresholds
    assert np.diff(counts.thresholds).max() == pytest.approx(STEP)


def test_named_places_hold_what_they_say(items):
    counts = count_class_pairs(*items, 3, exactly_at=1.0)
    total = counts.far + counts.frr
    assert total[counts.best()] == total.min()
    gaps = np.abs(counts.far - counts.frr)
    assert gaps[counts.equal()] == gaps.min()
    at = counts.at_most(0.1)
    assert counts.far[at] <= 0.1 < counts.far[at + 1]


def test_a_class_without_items_has_no_pairs(items):
    counts = count_class_pairs(*items, 5, exactly_at=1.0)
    assert counts.within.shape[:2] == (5, 5)
    assert not counts.within[3:].any()


def test_hardest_pairs_of_every_two_classes_come_first(items, by_loops):
    _, labels = items
    pairs, distances = hardest_pairs(*items, kept=4)
    for one in range(3):
        for other in range(one + 1):
            of_both = sorted(d for i, j, d in by_loops if {labels[i], labels[j]} == {one, other})
            wanted = of_both[-4:] if one == other else of_both[:4]
            kept = [
                distance
                for left, right, distance in zip(pairs.left, pairs.right, distances, strict=True)
                if {labels[left], labels[right]} == {one, other}
            ]
            np.testing.assert_allclose(sorted(kept), wanted, rtol=1e-5)
    np.testing.assert_array_equal(pairs.is_same, labels[pairs.left] == labels[pairs.right])


def test_small_classes_give_the_pairs_they_have():
    pairs, _ = hardest_pairs(np.arange(4, dtype=np.float32)[:, None], np.array([0, 0, 1, 2]))
    assert len(pairs) == 6
    assert (pairs.left != pairs.right).all()


def test_mistakes_come_worst_first_and_every_item_once():
    pairs = Pairs(np.array([0, 0, 2, 4, 6]), np.array([1, 3, 3, 5, 7]), np.array([False, False, False, True, True]))
    distances = np.array([0.1, 0.2, 0.3, 1.8, 0.5])
    assert hardest_mistakes(pairs, distances, 1.0, count=9).tolist() == [0, 3, 2]
    assert hardest_mistakes(pairs, distances, 1.0, count=1).tolist() == [0]
    assert hardest_mistakes(pairs, distances, 0.0, count=9).tolist() == [3, 4]


def test_labels_of_one_kind_are_refused():
    with pytest.raises(ValueError, match="one same and one different"):
        count_class_pairs(np.zeros((3, 2), np.float32), np.zeros(3, int), 1, exactly_at=1.0)
