"""Networks in other formats. No training: random weights are as good for telling whether numbers agree."""

import dataclasses

import keras
import numpy as np
import pytest

from siamese_core import conversion
from siamese_core.architectures import embedding_size
from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle, load_weights
from siamese_core.config import RECIPES
from siamese_core.conversion import CONVERTERS, PARITY_LIMIT, convert
from siamese_core.errors import BundleError, ExportError
from siamese_core.exporting import ENDINGS
from siamese_core.networks import NETWORKS, weights_by_name


@pytest.fixture(scope="module", params=list(RECIPES))
def model(request):
    """A bundle of each recipe with weights of its network, all of them moved away from where a new network starts."""
    keras.utils.set_random_seed(0)
    recipe, rng = RECIPES[request.param], np.random.default_rng(0)
    weights = weights_by_name(NETWORKS[recipe.network]())
    moved = {name: array * rng.uniform(0.9, 1.1, array.shape).astype(np.float32) for name, array in weights.items()}
    return dataclasses.replace(load_bundle("classic", PROJECT_ARTIFACTS), name="mine", recipe=recipe), moved


@pytest.mark.parametrize("format_name", CONVERTERS)
def test_what_was_written_embeds_as_the_network_does(model, format_name, fashion, tmp_path):
    bundle, weights = model
    path = tmp_path / f"network{ENDINGS[format_name]}"
    images = fashion.split("test").images[:300]
    assert 0.0 <= convert(bundle, weights, format_name, path, images) <= PARITY_LIMIT
    embeddings = CONVERTERS[format_name][1](path, images)
    assert embeddings.shape == (300, embedding_size(bundle.recipe))
    assert embeddings.std(axis=0).max() > 1e-3


def test_shipped_classic_embeds_in_its_files_as_the_encoder_that_serves(fashion, tmp_path):
    bundle, images = load_bundle("classic", PROJECT_ARTIFACTS), fashion.split("test").images[:300]
    convert(bundle, load_weights("classic", PROJECT_ARTIFACTS), "litert", tmp_path / "x.tflite", images)
    by_litert = CONVERTERS["litert"][1](tmp_path / "x.tflite", images)
    np.testing.assert_allclose(by_litert, bundle.encoder.embed(images), atol=1e-5)


@pytest.mark.parametrize("off_by", [2e-5, np.nan])
def test_file_that_embeds_otherwise_is_refused(model, off_by, fashion, tmp_path, monkeypatch):
    bundle, weights = model
    write, read = CONVERTERS["keras"]
    monkeypatch.setitem(conversion.CONVERTERS, "keras", (write, lambda *given: read(*given) + off_by))
    with pytest.raises(ExportError, match="keras file embeds otherwise than the model mine"):
        convert(bundle, weights, "keras", tmp_path / "x.keras", fashion.split("test").images[:10])


def test_weights_of_another_network_are_told_in_one_sentence(model, fashion, tmp_path):
    bundle, weights = model
    del weights[next(iter(weights))]
    with pytest.raises(BundleError, match=f"of the model mine do not fit the network {bundle.recipe.network}"):
        convert(bundle, weights, "keras", tmp_path / "x.keras", fashion.split("test").images[:10])
