import keras
import numpy as np
import pytest

from siamese_core.architectures import SHAPES, embedding_size
from siamese_core.config import RECIPES
from siamese_core.encoder import Encoder
from siamese_core.layers import EXPONENT, BatchNormalization, HedgedPosterior
from siamese_core.networks import (
    NETWORKS,
    TRANSFER_SHARES,
    computing,
    describe,
    embedder_of,
    load_weights,
    siamese,
    to_onnx,
    weights_by_name,
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
    layers = describe(NETWORKS["classic"](), RECIPES["classic"])
    assert [layer["type"] for layer in layers[2:]] == ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert sum(layer["parameters"] for layer in layers) == (784 + 1) * 128 + 2 * (128 + 1) * 128


def test_weights_are_known_without_building_the_network(encoder):
    assert {name: array.shape for name, array in weights_by_name(encoder).items()} == SHAPES[encoder.name]
    assert SHAPES.keys() == NETWORKS.keys()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_size_of_an_embedding_is_known_without_building_the_network(recipe):
    assert embedder_of(NETWORKS[recipe.network](), recipe).output_shape == (None, embedding_size(recipe))


def test_description_tells_what_each_layer_reads():
    layers = {layer["name"]: layer for layer in describe(NETWORKS["residual"](), RECIPES["best"])}
    assert layers["images"]["inputs"] == []
    assert layers["block_1_add"]["inputs"] == ["block_1_2_norm", "stem_relu"]
    assert layers["block_3_add"]["inputs"] == ["block_3_2_norm", "block_3_widen_norm"]
    assert layers["block_3_shrink"]["inputs"] == ["block_2_out"]
    assert layers["hedge"]["inputs"] == ["root_posterior", "unit_length"]


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


def test_mirrored_embedder_gives_the_root_of_the_mean_posterior_whichever_way_the_image_faces(fashion):
    encoder, images = NETWORKS["residual"](), fashion.split("test").images[:4]
    both = Encoder(to_onnx(embedder_of(encoder, RECIPES["best"].changed(hedged=False))))
    posteriors = encoder(images).numpy() ** 2, encoder(images[:, :, ::-1]).numpy() ** 2
    np.testing.assert_allclose(both.embed(images), np.sqrt((posteriors[0] + posteriors[1]) / 2.0), atol=1e-5)
    np.testing.assert_allclose(both.embed(np.ascontiguousarray(images[:, :, ::-1])), both.embed(images), atol=1e-6)


def test_hedged_embedder_agrees_with_its_onnx_file_which_passes_the_door_for_strangers(fashion):
    embedder, images = embedder_of(NETWORKS["residual"](), RECIPES["best"]), fashion.split("test").images[:50]
    onnx = to_onnx(embedder)
    check_onnx(onnx)
    np.testing.assert_allclose(Encoder(onnx).embed(images), embedder(images), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embedder(images), axis=1), 1.0, rtol=1e-5)


def test_hedged_inner_product_is_the_probability_product_kernel():
    rng = np.random.default_rng(0)
    posteriors = rng.dirichlet(np.full(4, 0.3), 2).astype(np.float32)
    features = rng.normal(size=(2, 16)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    a, b = HedgedPosterior(own=50_000)([np.sqrt(posteriors), features]).numpy().astype(np.float64)
    assert a @ b == pytest.approx((posteriors.prod(axis=0) ** EXPONENT).sum(), abs=0.01)
    assert a @ a == pytest.approx(1.0, abs=1e-5)


def test_items_sure_of_a_class_are_nearer_to_one_that_leans_to_it_than_its_likes_are():
    """Recall depends on it: where two doubt alike, each is of the other's class by chance alone."""
    doubt, sure = [0.8, 0.2], [1.0, 0.0]
    posteriors = np.array([doubt, doubt, sure], np.float32)
    embeddings = HedgedPosterior()([np.sqrt(posteriors), np.eye(3, 8, dtype=np.float32)]).numpy()
    distances = np.linalg.norm(embeddings[0] - embeddings, axis=1)
    assert distances[0] == 0.0 < distances[2] < distances[1]
    of_roots = np.linalg.norm(np.sqrt(posteriors[0]) - np.sqrt(posteriors), axis=1)
    assert of_roots[1] == 0.0 < of_roots[2]


def test_hedge_is_the_same_in_every_program(tmp_path):
    roots, features = keras.Input((3,)), keras.Input((8,))
    model = keras.Model([roots, features], HedgedPosterior(own=5, reach=0.2)([roots, features]))
    model.save(tmp_path / "hedge.keras")
    inputs = [np.sqrt(np.float32([[0.5, 0.3, 0.2]])), np.eye(1, 8, dtype=np.float32)]
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "hedge.keras")(inputs), model(inputs))
    expected = [-0.269008, 0.241946, 0.244766, -0.265419, -0.263456]
    np.testing.assert_allclose(model(inputs).numpy()[0, 3:], expected, atol=1e-6)


def test_fused_normalisation_is_batch_normalisation():
    images = np.random.default_rng(0).normal(2.0, 3.0, (16, 5, 5, 4)).astype(np.float32)
    fused, plain = BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for _ in range(2):
        np.testing.assert_allclose(fused(images, training=True), plain(images, training=True), atol=1e-4)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=1e-4)
    np.testing.assert_allclose(fused(images), plain(images), atol=1e-4)


def test_networks_compute_in_bfloat16_only_where_asked_and_end_in_float32(monkeypatch):
    monkeypatch.setattr("siamese_core.networks.multiplies_bfloat16", lambda: True)
    with computing("bfloat16"):
        network = NETWORKS["residual"]()
    assert network.get_layer("block_1_1_conv").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert network.output.dtype == "float32"
    assert NETWORKS["residual"]().get_layer("block_1_1_conv").compute_dtype == "float32"


def test_processor_without_bfloat16_computes_in_float32(monkeypatch):
    monkeypatch.setattr("siamese_core.networks.multiplies_bfloat16", lambda: False)
    with computing("bfloat16"):
        assert NETWORKS["residual"]().get_layer("block_1_1_conv").compute_dtype == "float32"


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
