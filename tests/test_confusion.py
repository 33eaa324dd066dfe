import numpy as np
import pytest

from siamese_core.confusion import MOST_STEPS, STEP, count_class_pairs, hardest_mistakes, hardest_pairs
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


def test_embeddings_that_reach_far_take_no_more_memory(items):
    embeddings, labels = items
    counts = count_class_pairs(1e6 * embeddings, labels, 3, exactly_at=1e6)
    assert len(counts.thresholds) <= MOST_STEPS + 3
    near = count_class_pairs(embeddings, labels, 3, exactly_at=1.0)
    here, there = (each.within[:, :, each.nearest(at)] for each, at in ((near, 1.0), (counts, 1e6)))
    np.testing.assert_array_equal(here, there)


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


def test_hardest_pairs_of_every_two_classes_come_first_and_an_item_once(items, by_loops):
    _, labels = items
    pairs, distances = hardest_pairs(*items, kept=4)
    for one in range(3):
        for other in range(one + 1):
            of_both = [(d, i, j) for i, j, d in by_loops if {labels[i], labels[j]} == {one, other}]
            wanted, seen = [], set()
            for distance, i, j in sorted(of_both, reverse=one == other):
                if not {i, j} & seen and len(wanted) < 4:
                    wanted.append(distance)
                    seen |= {i, j}
            kept = [
                distance
                for left, right, distance in zip(pairs.left, pairs.right, distances, strict=True)
                if {labels[left], labels[right]} == {one, other}
            ]
            np.testing.assert_allclose(kept, wanted, rtol=1e-5)
    np.testing.assert_array_equal(pairs.is_same, labels[pairs.left] == labels[pairs.right])


def test_a_mislabelled_item_leaves_room_for_the_other_mistakes():
    crowd, others = np.linspace(0.0, 0.1, 50), np.array([0.05, 1.0, 1.1, 1.2])  # the first of the others is misplaced
    embeddings = np.concatenate([crowd, others])[:, None].astype(np.float32)
    pairs, distances = hardest_pairs(embeddings, np.repeat([0, 1], [50, 4]), kept=4)
    different = ~pairs.is_same
    assert sorted(pairs.left[different]) == [50, 51, 52, 53]
    assert sorted(pairs.right[different])[1:] == [47, 48, 49]
    assert len(hardest_mistakes(pairs.take(np.flatnonzero(different)), distances[different], 1.2, count=9)) == 4


def test_small_classes_give_the_pairs_they_have():
    pairs, _ = hardest_pairs(np.arange(4, dtype=np.float32)[:, None], np.array([0, 0, 1, 2]))
    assert [set(pair) for pair in zip(pairs.left, pairs.right, strict=True)] == [{0, 1}, {1, 2}, {1, 3}, {2, 3}]


def test_classes_of_one_item_have_no_pairs_of_their_own():
    pairs, distances = hardest_pairs(np.zeros((1, 2), np.float32), np.array([3]))
    assert len(pairs) == len(distances) == 0


def test_mistakes_come_worst_first_and_every_item_once():
    pairs = Pairs(np.array([0, 0, 2, 4, 6]), np.array([1, 3, 3, 5, 7]), np.array([False, False, False, True, True]))
    distances = np.array([0.1, 0.2, 0.3, 1.8, 0.5])
    assert hardest_mistakes(pairs, distances, 1.0, count=9).tolist() == [0, 3, 2]
    assert hardest_mistakes(pairs, distances, 1.0, count=1).tolist() == [0]
    assert hardest_mistakes(pairs, distances, 0.0, count=9).tolist() == [3, 4]


def test_labels_of_one_kind_are_refused():
    with pytest.raises(ValueError, match="one same and one different"):
        count_class_pairs(np.zeros((3, 2), np.float32), np.zeros(3, int), 1, exactly_at=1.0)
