"""The nearest of many: what an index finds against looking at all of them."""

import numpy as np
import pytest

from siamese_core import index
from siamese_core.gallery import Gallery
from siamese_core.index import ExactIndex, InvertedIndex, build_index

INVERTED = pytest.mark.skipif(not index.find_spec("faiss"), reason="FAISS is optional")
K = 10


def crowd(count: int, seed: int = 0) -> np.ndarray:
    """Embeddings (count, 16) in two hundred overlapping groups."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(200, 16))
    return (centres[rng.integers(0, 200, count)] + rng.normal(0, 0.5, (count, 16))).astype(np.float32)


@pytest.fixture(scope="module")
def items():
    return crowd(20_000)


@pytest.fixture(scope="module")
def queries():
    return crowd(50, seed=1)


@pytest.fixture(scope="module")
def truth(items, queries):
    """The rows of the K nearest, by a full sort."""
    return [set(np.argsort(np.linalg.norm(items - query, axis=1))[:K]) for query in queries]


def recall(found, truth):
    return np.mean([len(set(rows) & wanted) / K for rows, wanted in zip(found, truth, strict=True)])


def test_looking_at_all_misses_none(items, queries, truth):
    assert recall(ExactIndex(items).candidates(queries, K), truth) == 1.0


@INVERTED
def test_an_index_of_lists_misses_hardly_any_and_more_of_them_with_fewer_probes(items, queries, truth):
    assert recall(InvertedIndex(items).candidates(queries, K), truth) >= 0.99
    assert recall(InvertedIndex(items, probes=1).candidates(queries, K), truth) < 0.9


@INVERTED
def test_more_items_than_the_lists_at_hand_hold_are_found_all_the_same(items, queries):
    rows = InvertedIndex(items[:500], probes=1).candidates(queries[:2], 500)
    np.testing.assert_array_equal(np.sort(rows, axis=1), [np.arange(500)] * 2)


@INVERTED
@pytest.mark.parametrize(("spoiled", "k"), [(np.nan, K), (np.inf, K), (0.0, 501)])
def test_what_no_index_can_answer_is_refused(items, queries, spoiled, k):
    asked = queries[:2].copy()
    asked[1, 3] = spoiled
    with pytest.raises(ValueError, match="`queries` must be finite and `k` at most 500, got k = "):
        InvertedIndex(items[:500]).candidates(asked, k)


@INVERTED
def test_a_large_gallery_answers_as_a_small_one_does(items, queries, monkeypatch):
    labels, ids = (np.arange(len(items)) % 10).astype(np.uint8), np.arange(len(items)) + 1_000
    small = Gallery(items, labels, ids)
    monkeypatch.setattr(index, "EXACT_UP_TO", 1_000)
    large = Gallery(items, labels, ids)
    wanted = small.nearest(items[5:6], K, exclude=1_005)
    found = large.nearest(items[5:6], K, exclude=1_005)
    assert 1_005 not in found.ids
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_array_equal(found.labels, wanted.labels)
    np.testing.assert_array_equal(found.distances, wanted.distances)


def test_few_items_are_all_looked_at_and_many_where_there_is_no_faiss(items, monkeypatch):
    assert isinstance(build_index(items), ExactIndex)
    monkeypatch.setattr(index, "EXACT_UP_TO", 1_000)
    monkeypatch.setattr(index, "find_spec", lambda _: None)
    assert isinstance(build_index(items), ExactIndex)


@INVERTED
def test_many_items_get_an_index_of_lists(items, monkeypatch):
    monkeypatch.setattr(index, "EXACT_UP_TO", 1_000)
    assert isinstance(build_index(items), InvertedIndex)
