import numpy as np
import pytest

from siamese_core.gallery import NEAREST_OF_A_CLASS, Gallery


@pytest.fixture(scope="module")
def gallery():
    rng = np.random.default_rng(0)
    labels = (np.arange(200) % 4).astype(np.uint8)
    return Gallery(rng.normal(size=(200, 16)).astype(np.float32), labels, np.arange(1_000, 1_200))


def test_neighbours_are_those_of_a_full_sort(gallery):
    queries = np.random.default_rng(1).normal(size=(3, 16)).astype(np.float32)
    found = gallery.nearest(queries, 7)
    for row, query in enumerate(queries):
        distances = np.linalg.norm(gallery.embeddings - query, axis=1)
        order = np.argsort(distances)[:7]
        np.testing.assert_array_equal(found.ids[row], gallery.ids[order])
        np.testing.assert_array_equal(found.labels[row], gallery.labels[order])
        np.testing.assert_allclose(found.distances[row], distances[order], rtol=1e-5)


def test_an_item_finds_itself_at_distance_zero(gallery):
    found = gallery.nearest(gallery.embeddings[5:6], 1)
    assert found.ids[0, 0] == 1_005
    assert found.distances[0, 0] == 0.0


def test_an_excluded_item_is_never_found(gallery):
    found = gallery.nearest(gallery.embeddings[5:6], 500, exclude=1_005)
    assert found.ids.shape == (1, 199)
    assert 1_005 not in found.ids


def test_a_class_stands_as_near_as_its_few_nearest_items(gallery):
    query = np.random.default_rng(2).normal(size=(1, 16)).astype(np.float32)
    distances = np.linalg.norm(gallery.embeddings - query, axis=1)
    for label, mean in gallery.class_distances(query).items():
        nearest = np.sort(distances[gallery.labels == label])[:NEAREST_OF_A_CLASS]
        assert mean[0] == pytest.approx(nearest.mean(), rel=1e-4)


def test_a_class_whose_only_item_is_the_query_is_infinitely_far():
    gallery = Gallery(np.eye(3, dtype=np.float32), np.array([0, 0, 1]), np.arange(3))
    assert gallery.class_distances(np.eye(3, dtype=np.float32)[2:], exclude=2)[1][0] == np.inf


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one label and one id an embedding"):
        Gallery(np.zeros((3, 2), np.float32), np.zeros(2), np.zeros(3))
