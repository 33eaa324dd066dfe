"""A bundle's network in other programs' formats, each read back as its users will read it."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from siamese_core.bundle import Bundle
from siamese_core.encoder import Encoder
from siamese_core.errors import BundleError, ExportError
from siamese_core.networks import NETWORKS, embedder_of, load_weights, to_onnx

PARITY_LIMIT = 1e-5
"""The largest difference that any number of an embedding may show."""
_BATCH = 250


def convert(
    bundle: Bundle, weights: Mapping[str, np.ndarray], format_name: str, path: Path, images: np.ndarray
) -> float:
    """Write a network and compare what was written with it.

    Args:
        bundle: Says how the network is built.
        weights: What `artifacts.load_weights` gives for it.
        format_name: A key of `CONVERTERS`.
        path: The file or folder to make.
        images: uint8 (n, 28, 28) to compare with.

    Returns:
        The largest difference between any two numbers of the embeddings.

    Raises:
        BundleError: The weights are of another network than this program builds.
        ExportError: The difference is larger than `PARITY_LIMIT`.
    """
    write, read = CONVERTERS[format_name]
    embedder = rebuild(bundle, weights)
    write(embedder, path)
    difference = float(np.abs(read(path, images) - _embed(embedder, images)).max())
    if not difference <= PARITY_LIMIT:  # NaN fails the comparison too
        raise ExportError(
            "The {format} file embeds otherwise than the model {name}: by {difference:.1e}, and {limit:g} is allowed.",
            format=format_name,
            name=bundle.name,
            difference=difference,
            limit=PARITY_LIMIT,
        )
    return difference


def rebuild(bundle: Bundle, weights: Mapping[str, np.ndarray]) -> keras.Model:
    """The model that embeds, as the bundle's recipe builds it, with these weights.

    Raises:
        BundleError: They are of another network.
    """
    encoder = NETWORKS[bundle.recipe.network]()
    try:
        load_weights(encoder, weights)
    except ValueError as error:
        raise BundleError(
            "The weights of the model {name} do not fit the network {network} of this program; train it again.",
            name=bundle.name,
            network=bundle.recipe.network,
        ) from error
    return embedder_of(encoder, bundle.recipe)


def _write_onnx(embedder: keras.Model, path: Path) -> None:
    path.write_bytes(to_onnx(embedder))


def _read_onnx(path: Path, images: np.ndarray) -> np.ndarray:
    return Encoder(path.read_bytes()).embed(images)


def _write_keras(embedder: keras.Model, path: Path) -> None:
    embedder.save(path)


def _read_keras(path: Path, images: np.ndarray) -> np.ndarray:
    return _embed(keras.saving.load_model(path), images)


def _write_saved_model(embedder: keras.Model, path: Path) -> None:
    embedder.export(path, format="tf_saved_model", verbose=False)


def _read_saved_model(path: Path, images: np.ndarray) -> np.ndarray:
    model = tf.saved_model.load(path)
    return np.concatenate([model.serve(part).numpy() for part in _batches(images)])


def _write_litert(embedder: keras.Model, path: Path) -> None:
    """Through a SavedModel, with LiteRT's own operations only; Keras's exporter would let TensorFlow's slip in."""
    with tempfile.TemporaryDirectory() as folder:
        _write_saved_model(embedder, Path(folder))
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _read_litert(path: Path, images: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # The package it points to would be one more to install, for a check that this interpreter makes as well.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated", UserWarning)
        run = tf.lite.Interpreter(str(path)).get_signature_runner()
    return np.concatenate([run(images=part)["output_0"] for part in _batches(images)])


def _embed(embedder: keras.Model, images: np.ndarray) -> np.ndarray:
    return embedder.predict(images, batch_size=_BATCH, verbose=0)


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]


CONVERTERS: Mapping[str, tuple[Callable[[keras.Model, Path], None], Callable[[Path, np.ndarray], np.ndarray]]] = {
    "onnx": (_write_onnx, _read_onnx),
    "litert": (_write_litert, _read_litert),
    "keras": (_write_keras, _read_keras),
    "saved_model": (_write_saved_model, _read_saved_model),
}
"""What writes a model to a path, and what embeds images by what stands there."""
