"""What the app keeps, and what it does when something cannot be opened."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from app import cache
from siamese_core.artifacts import load_bundle
from siamese_core.comparison import pair_distances
from siamese_core.errors import BundleError
from tests.app.conftest import ship


def test_a_model_is_opened_once_for_each_of_its_versions() -> None:
    assert cache.bundle("classic") is cache.bundle("classic")
    assert cache.gallery(cache.bundle("classic")) is cache.gallery(cache.bundle("classic"))


def test_another_model_under_the_same_name_is_another_model_and_the_older_one_is_forgotten(
    own_artifacts: Path,
) -> None:
    ship("classic", own_artifacts, as_name="mine")
    first = weakref.ref(cache.bundle("mine"))
    (own_artifacts / "mine").unlink()
    ship("best", own_artifacts, as_name="mine")
    assert cache.bundle("mine").fingerprint == load_bundle("best", cache.artifacts.PROJECT_ARTIFACTS).fingerprint
    gc.collect()
    assert first() is None


@pytest.mark.parametrize("name", ["nobody", "../best", "", "sample"])
def test_a_name_without_a_model_is_refused(name: str) -> None:
    with pytest.raises(BundleError):
        cache.bundle(name)


def test_the_distances_of_test_pairs_are_the_cores() -> None:
    model = cache.bundle("classic")
    table = cache.pair_table(model, "test")
    rows = np.arange(0, len(table.pairs), 997)
    embeddings = model.encoder.embed(table.split.images)
    np.testing.assert_allclose(table.distances[rows], pair_distances(embeddings, table.pairs)[rows], atol=1e-5)
