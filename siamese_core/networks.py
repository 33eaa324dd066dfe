"""Encoders: Keras models that map images to embeddings.

Each takes `images` (n, 28, 28) uint8, scales them inside, and gives (n, d) float32. Layers carry fixed names, so that
weights saved by name find their place again.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from siamese_core.architectures import CLASSES, embedding_size
from siamese_core.config import Recipe
from siamese_core.descriptors import EdgeDirections, Silhouette
from siamese_core.layers import BatchNormalization, EuclideanDistance, HedgedPosterior, RootPosterior

SHARPNESS = 16.0
"""Length of the features that the class logits are read from."""
TRANSFER_SHARES = {"learned": 0.1, "silhouette": 0.4, "edges": 0.3, "coarse_edges": 0.2}
"""Shares in the squared distance, which sum to 1; chosen on classes held out of the seen ones, see RESULTS.md."""


def classic(shape: tuple[int, int] = (28, 28)) -> keras.Model:
    """The tutorial's encoder: three dense layers of 128 with dropout between them; d = 128, none below zero."""
    images, x = _pixels(shape)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(128, activation="relu", name="dense_1")(x)
    x = keras.layers.Dropout(0.1, name="dropout_1")(x)
    x = keras.layers.Dense(128, activation="relu", name="dense_2")(x)
    x = keras.layers.Dropout(0.1, name="dropout_2")(x)
    embeddings = keras.layers.Dense(128, activation="relu", name="dense_3")(x)
    return keras.Model(images, embeddings, name="classic")


def perceptron(shape: tuple[int, int] = (28, 28)) -> keras.Model:
    """Two dense layers of 128 with batch normalisation, then d = 64 on the unit sphere: the quickest to train."""
    images, x = _pixels(shape)
    x = keras.layers.Flatten(name="flatten")(x)
    for number in (1, 2):
        x = keras.layers.Dense(128, use_bias=False, name=f"dense_{number}")(x)
        x = _normalised(x, name=f"norm_{number}")
        x = keras.layers.ReLU(name=f"relu_{number}")(x)
    return keras.Model(images, _on_the_sphere(x, 64), name="perceptron")


def residual(shape: tuple[int, int] = (28, 28)) -> keras.Model:
    """A small residual convolutional network: 14×14 and 7×7; d = 10, the roots of the class posteriors."""
    images, x = _pixels(shape)
    x = keras.layers.Reshape((*shape, 1), name="channel")(x)
    x = _convolution(x, 64, size=5, stride=2, name="stem")
    for number, (width, stride) in enumerate(((64, 1), (64, 1), (128, 2), (128, 1)), start=1):
        x = _residual_block(x, width, stride=stride, name=f"block_{number}")
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")(x)
    return keras.Model(images, _root_posterior(x, CLASSES), name="residual")


def transfer(shape: tuple[int, int] = (28, 28)) -> keras.Model:
    """A small convolutional network beside descriptors that learn nothing; d = 64 + 98 + 128 + 32 on the unit sphere.

    What is learned tells the classes of training apart best, what is not learned tells other classes apart best. The
    learned features keep their places in the image: their mean over it would be blind to shape.
    """
    images, pixels = _pixels(shape)
    pixels = keras.layers.Reshape((*shape, 1), name="channel")(pixels)
    x = _convolution(pixels, 32, size=5, stride=2, name="stem")
    x = _residual_block(x, 64, stride=2, name="block")
    x = keras.layers.Flatten(name="flatten")(x)
    parts = {
        "learned": _on_the_sphere(x, 64),
        "silhouette": Silhouette(name="silhouette")(pixels),
        "edges": EdgeDirections(7, name="edges")(pixels),
        "coarse_edges": EdgeDirections(14, name="coarse_edges")(pixels),
    }
    weighted = [
        keras.layers.Rescaling(TRANSFER_SHARES[name] ** 0.5, name=f"weigh_{name}")(part) for name, part in parts.items()
    ]
    return keras.Model(images, keras.layers.Concatenate(name="all")(weighted), name="transfer")


NETWORKS: Mapping[str, Callable[[], keras.Model]] = {
    "classic": classic,
    "perceptron": perceptron,
    "residual": residual,
    "transfer": transfer,
}


def siamese(encoder: keras.Model) -> keras.Model:
    """The tutorial's model of two inputs: both images through one encoder, then the distance between them.

    Takes `[anchors, others]`, each (p, 28, 28) uint8, and gives distances (p,). It shares the encoder's weights.
    """
    shape = encoder.input_shape[1:]
    left = keras.Input(shape, dtype="uint8", name="anchors")
    right = keras.Input(shape, dtype="uint8", name="others")
    distance = EuclideanDistance(name="distance")([encoder(left), encoder(right)])
    return keras.Model([left, right], distance, name=f"siamese_{encoder.name}")


def embedder_of(encoder: keras.Model, recipe: Recipe) -> keras.Model:
    """What embeds images once this encoder is trained as the recipe says; it shares the encoder's weights.

    An image and its mirror image are embedded together by the root of the mean of both squared embeddings: where these
    are roots of class posteriors, by the root of the mean posterior.
    """
    if not (recipe.mirror or recipe.hedged):
        return encoder
    images = keras.Input(encoder.input_shape[1:], dtype="uint8", name="images")
    sides = [images, keras.ops.flip(images, axis=-1)] if recipe.mirror else [images]
    if recipe.hedged:
        trunk = keras.Model(encoder.input, [encoder.output, encoder.get_layer("unit_length").output], name=encoder.name)
        roots, features = zip(*(trunk(side) for side in sides), strict=True)
        mean_features = keras.ops.normalize(sum(features), axis=-1)
        embeddings = HedgedPosterior(name="hedge")([_mean_root(roots), mean_features])
    else:
        embeddings = _mean_root([encoder(side) for side in sides])
    return keras.Model(images, embeddings, name=f"{encoder.name}_embedder")


@contextmanager
def computing(precision: str) -> Iterator[None]:
    """Networks built herein multiply numbers of this precision where they may, see `Recipe.precision`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" and multiplies_bfloat16() else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def describe(encoder: keras.Model, recipe: Recipe) -> list[dict[str, Any]]:
    """Layer after layer, for a diagram: `name`, `type`, `inputs` by name, `output_shape` of one item, `parameters`.

    Of what `embedder_of` adds, a hedge is among them, which has no parameters; the mirror image is not.
    """
    layers = [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "inputs": _inputs(layer),
            "output_shape": list(layer.output.shape[1:]),
            "parameters": layer.count_params(),
        }
        for layer in encoder.layers
    ]
    if recipe.hedged:
        hedge = {
            "name": "hedge",
            "type": HedgedPosterior.__name__,
            "inputs": [layers[-1]["name"], "unit_length"],
            "output_shape": [embedding_size(recipe)],
            "parameters": 0,
        }
        layers.append(hedge)
    return layers


def to_onnx(encoder: keras.Model) -> bytes:
    """The encoder as an ONNX file, complete in itself: `images` uint8 (n, 28, 28) -> `embeddings` float32 (n, d)."""
    import onnx

    encoder(np.zeros((1, *encoder.input_shape[1:]), np.uint8))  # the export wants a model that has been called
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "encoder.onnx"
        encoder.export(path, format="onnx", verbose=False)
        model = onnx.load(path)
    output = model.graph.output[0]
    for node in model.graph.node:
        node.output[:] = ["embeddings" if name == output.name else name for name in node.output]
    output.name = "embeddings"
    for port in (model.graph.input[0], output):
        port.type.tensor_type.shape.dim[0].dim_param = "n"
    return model.SerializeToString()


def weights_by_name(encoder: keras.Model) -> dict[str, np.ndarray]:
    """Every weight as an array, by a name such as `dense_1/kernel` that does not depend on what was built before."""
    return {f"{layer.name}/{weight.name}": weight.numpy() for layer in encoder.layers for weight in layer.weights}


def load_weights(encoder: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Put weights that `weights_by_name` gave back in their places.

    Raises:
        ValueError: A weight is missing, left over, or of another shape.
    """
    places = {f"{layer.name}/{weight.name}": weight for layer in encoder.layers for weight in layer.weights}
    if places.keys() != weights.keys():
        odd = sorted(places.keys() ^ weights.keys())
        raise ValueError(f"`weights` must hold exactly the network's weights; missing or left over: {odd}")
    for name, place in places.items():
        if weights[name].shape != tuple(place.shape):
            raise ValueError(f"`weights[{name!r}]` must have shape {tuple(place.shape)}, got {weights[name].shape}")
    for name, place in places.items():
        place.assign(weights[name])


def _mean_root(roots: Sequence[Any]) -> Any:
    return keras.ops.sqrt(sum(keras.ops.square(root) for root in roots) / len(roots))


def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; without them bfloat16 is slower than float32."""
    try:
        described = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in described or "amx_bf16" in described


def _inputs(layer: keras.layers.Layer) -> list[str]:
    """The names of the layers that this one reads, none for the input itself."""
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return [tensor._keras_history.operation.name for tensor in keras.tree.flatten(layer.input)]


def _pixels(shape: tuple[int, int]) -> tuple[Any, Any]:
    images = keras.Input(shape, dtype="uint8", name="images")
    return images, keras.layers.Rescaling(1 / 255, name="scale")(images)


def _on_the_sphere(x: Any, size: int) -> Any:
    x = keras.layers.Dense(size, dtype="float32", name="embedding")(x)
    return keras.layers.UnitNormalization(dtype="float32", name="unit_length")(x)


def _normalised(x: Any, *, name: str) -> Any:
    """Normalised over the whole batch, of which a replica may see a part only.

    Keras's momentum of 0.99 would lag behind runs of seconds.
    """
    is_shared = tf.distribute.get_strategy().num_replicas_in_sync > 1
    is_fused = len(x.shape) == 4 and not is_shared
    kind = BatchNormalization if is_fused else keras.layers.BatchNormalization
    return kind(momentum=0.9, synchronized=is_shared, name=name)(x)


def _root_posterior(x: Any, classes: int) -> Any:
    """Class posteriors by cosine: the logits of unit-length features cannot grow without bound."""
    x = _on_the_sphere(x, 64)
    x = keras.layers.Rescaling(SHARPNESS, dtype="float32", name="sharpen")(x)
    x = keras.layers.Dense(classes, use_bias=False, dtype="float32", name="classes")(x)
    return RootPosterior(dtype="float32", name="root_posterior")(x)


def _convolution(x: Any, width: int, *, size: int = 3, stride: int = 1, name: str) -> Any:
    x = keras.layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(_normalised(x, name=f"{name}_norm"))


def _residual_block(x: Any, width: int, *, stride: int, name: str) -> Any:
    """Two convolutions beside a short cut; with a stride of 2 both halve the picture, and both may change its width."""
    shortcut = x
    if stride > 1:
        shortcut = keras.layers.AveragePooling2D(stride, name=f"{name}_shrink")(shortcut)
    if width != x.shape[-1]:
        shortcut = keras.layers.Conv2D(width, 1, use_bias=False, name=f"{name}_widen")(shortcut)
        shortcut = _normalised(shortcut, name=f"{name}_widen_norm")
    x = _convolution(x, width, stride=stride, name=f"{name}_1")
    x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(x)
    x = keras.layers.Add(name=f"{name}_add")([_normalised(x, name=f"{name}_2_norm"), shortcut])
    return keras.layers.ReLU(name=f"{name}_out")(x)
