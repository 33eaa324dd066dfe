import keras
import numpy as np
import pytest

from siamese_core.architectures import EMBEDDING_SIZES, SHAPES
from siamese_core.encoder import Encoder
from siamese_core.networks import (
    NETWORKS,
    TRANSFER_SHARES,
    describe,
    load_weights,
    siamese,
    to_onnx,
    weights_by_name,
    with_mirror,
)
from siamese_core.onnx_outline import check_onnx

UNIT_SPHERE = ("perceptron", "residual", "transfer")


@pytest.fixture(scope="module", params=list(NETWORKS))
def encoder(request):
    keras.utils.set_random_seed(0)
    return NETWORKS[request.param]()


@pytest.fixture(scope="module")
def onnx(encoder):
    return to_onnx(encoder)


def test_classic_is_the_tutorials_network():
    layers = describe(NETWORKS["classic"]())
    assert [layer["type"] for layer in layers[2:]] == ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert sum(layer["parameters"] for layer in layers) == (784 + 1) * 128 + 2 * (128 + 1) * 128


def test_weights_are_known_without_building_the_network(encoder):
    assert {name: array.shape for name, array in weights_by_name(encoder).items()} == SHAPES[encoder.name]
    assert encoder.output_shape == (None, EMBEDDING_SIZES[encoder.name])
    assert SHAPES.keys() == EMBEDDING_SIZES.keys() == NETWORKS.keys()


def test_description_tells_what_each_layer_reads():
    layers = {layer["name"]: layer for layer in describe(NETWORKS["residual"]())}
    assert layers["images"]["inputs"] == []
    assert layers["block_1_add"]["inputs"] == ["block_1_2_norm", "stem_relu"]
    assert layers["block_3_add"]["inputs"] == ["block_3_2_norm", "block_3_widen_norm"]
    assert layers["block_3_shrink"]["inputs"] == ["block_2_out"]


def test_scaling_is_inside(encoder, fashion):
    images = fashion.split("test").images[:4]
    assert encoder.input.dtype == "uint8"
    assert encoder(images).shape == (4, encoder.output_shape[1])


def test_squares_of_the_residual_networks_embeddings_are_probabilities(fashion):
    embeddings = NETWORKS["residual"]()(fashion.split("test").images[:8]).numpy()
    assert embeddings.shape == (8, 10)
    np.testing.assert_allclose((embeddings**2).sum(1), 1.0, rtol=1e-5)
    assert (embeddings >= 0).all()


@pytest.mark.parametrize("name", UNIT_SPHERE)
def test_embeddings_lie_on_the_unit_sphere(name, fashion):
    lengths = np.linalg.norm(NETWORKS[name]()(fashion.split("test").images[:8]), axis=1)
    np.testing.assert_allclose(lengths, 1.0, rtol=1e-5)


def test_distances_of_the_transfer_network_are_shared_out_between_what_is_learned_and_what_is_not(fashion):
    embeddings = NETWORKS["transfer"]()(fashion.split("test").images[:8]).numpy()
    squares = [(part**2).sum(1) for part in np.split(embeddings, np.cumsum([64, 98, 128]), axis=1)]
    for square, share in zip(squares, TRANSFER_SHARES.values(), strict=True):
        np.testing.assert_allclose(square, share, rtol=1e-4)


def test_encoder_with_mirror_gives_the_root_of_the_mean_posterior_whichever_way_the_image_faces(fashion):
    encoder, images = NETWORKS["residual"](), fashion.split("test").images[:4]
    both = Encoder(to_onnx(with_mirror(encoder)))
    posteriors = encoder(images).numpy() ** 2, encoder(images[:, :, ::-1]).numpy() ** 2
    np.testing.assert_allclose(both.embed(images), np.sqrt((posteriors[0] + posteriors[1]) / 2.0), atol=1e-5)
    np.testing.assert_allclose(both.embed(np.ascontiguousarray(images[:, :, ::-1])), both.embed(images), atol=1e-6)


def test_onnx_agrees_with_keras_on_a_thousand_real_images(encoder, onnx, fashion):
    images = fashion.split("test").images[:1_000]
    by_keras = encoder.predict(images, batch_size=250, verbose=0)
    np.testing.assert_allclose(Encoder(onnx).embed(images), by_keras, atol=1e-5)


def test_outline_of_an_own_graph_passes_the_door_for_strangers(onnx):
    check_onnx(onnx)


def test_weights_find_their_places_again(encoder, fashion):
    images = fashion.split("test").images[:4]
    twin = NETWORKS[encoder.name]()
    assert not np.allclose(twin(images), encoder(images))
    load_weights(twin, weights_by_name(encoder))
    np.testing.assert_array_equal(twin(images), encoder(images))


def test_weights_of_another_network_are_refused():
    with pytest.raises(ValueError, match="missing or left over"):
        load_weights(NETWORKS["classic"](), weights_by_name(NETWORKS["perceptron"]()))


def test_weight_of_another_shape_is_named_and_nothing_is_changed():
    network = NETWORKS["classic"]()
    before = weights_by_name(network)
    wrong = {**before, "dense_3/bias": np.zeros(5, np.float32), "dense_1/bias": np.ones(128, np.float32)}
    with pytest.raises(ValueError, match="dense_3/bias"):
        load_weights(network, wrong)
    np.testing.assert_array_equal(weights_by_name(network)["dense_1/bias"], before["dense_1/bias"])


def test_siamese_model_gives_distances_and_reloads_without_a_lambda(tmp_path, fashion):
    model = siamese(NETWORKS["classic"]())
    pairs = [fashion.split("test").images[:3], fashion.split("test").images[3:6]]
    model.save(tmp_path / "siamese.keras")
    again = keras.saving.load_model(tmp_path / "siamese.keras")
    assert model(pairs).shape == (3,)
    np.testing.assert_array_equal(again(pairs), model(pairs))
