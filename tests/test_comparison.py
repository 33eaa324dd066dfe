import numpy as np
import pytest

from siamese_core.comparison import compare, distance_matrix, euclidean_distances, pair_distances
from siamese_core.pairs import Pairs


def test_distance_is_euclidean():
    assert compare(np.array([0.0, 3.0]), np.array([4.0, 0.0]), 5.0).distance == 5.0


@pytest.mark.parametrize(("threshold", "same"), [(5.0, True), (4.999, False)])
def test_pair_exactly_at_the_threshold_is_same(threshold, same):
    assert compare(np.array([0.0, 3.0]), np.array([4.0, 0.0]), threshold).same is same


def test_an_item_is_at_distance_zero_from_itself():
    item = np.random.default_rng(0).normal(size=64).astype(np.float32)
    assert compare(item, item, 0.1).distance == 0.0


@pytest.mark.parametrize("b", [np.zeros(3), np.zeros((1, 2))])
def test_embeddings_of_other_shapes_are_refused(b):
    with pytest.raises(ValueError, match=r"must both have shape \(d,\)"):
        compare(np.zeros(2), b, 1.0)


def test_distances_of_many_pairs_are_those_of_each():
    embeddings = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    pairs = Pairs(np.array([0, 2, 4]), np.array([1, 2, 5]), np.array([True, True, False]))
    expected = [np.linalg.norm(embeddings[a] - embeddings[b]) for a, b in ((0, 1), (2, 2), (4, 5))]
    np.testing.assert_allclose(pair_distances(embeddings, pairs), expected, rtol=1e-6)
    assert euclidean_distances(embeddings[0], embeddings).shape == (6,)


def test_distance_matrix_is_that_of_a_loop_and_keeps_small_distances():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(5, 4)).astype(np.float32), rng.normal(size=(7, 4)).astype(np.float32)
    right[0] = left[0] + np.float32(1e-5)
    expected = [[np.linalg.norm(a.astype(float) - b) for b in right] for a in left]
    np.testing.assert_allclose(distance_matrix(left, right), expected, rtol=1e-3)
