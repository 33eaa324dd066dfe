"""Layers that Keras lacks: distances between embeddings, class posteriors as places, a quicker normalisation."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from siamese_core.architectures import OWN_DIRECTIONS
from siamese_core.losses import euclidean_distance

EXPONENT = 0.7
"""Of the posteriors in a hedged embedding; chosen on validation images, see RESULTS.md."""
OWN_REACH = 0.1
"""How far apart unit-length features are whose own directions have little to do with each other any more."""


@keras.saving.register_keras_serializable(package="siamese_core")
class EuclideanDistance(keras.layers.Layer):
    """Distances (p,) between two (p, d) inputs, with a zero gradient where they coincide."""

    def call(self, inputs: tuple[Any, Any]) -> Any:
        left, right = inputs
        return euclidean_distance(left, right)

    def compute_output_shape(self, input_shape: tuple[tuple[int | None, ...], ...]) -> tuple[int | None, ...]:
        return input_shape[0][:-1]


@keras.saving.register_keras_serializable(package="siamese_core")
class RootPosterior(keras.layers.Layer):
    """Square roots (n, c) of the class probabilities whose logits come in: points of the unit sphere.

    The Euclidean distance between two of them is the Hellinger distance of the two posteriors, times the root of 2: 0
    where both are sure of one class or doubt alike, 1.41 where nothing that one thinks possible is so for the other.
    """

    def call(self, inputs: Any) -> Any:
        return keras.ops.exp(0.5 * keras.ops.log_softmax(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


@keras.saving.register_keras_serializable(package="siamese_core")
class HedgedPosterior(keras.layers.Layer):
    """Points (n, c + o) of the unit sphere, from roots of posteriors (n, c) and unit-length features (n, f).

    Their inner product is `sum((p * q) ** EXPONENT)` of two posteriors p and q. With an exponent of 1 that is the
    probability that two draws, one from each, name the same class, which ranks best; with 1/2 the overlap of what both
    think possible, which tells same from different best. Only the latter is 1 for an item with itself. What another
    lacks, the item's doubt, goes into a direction that is its own. So the neighbours of an item that leans to a
    class are those that are sure of it, and an item is at distance 0 from itself.

    References:
        T. Jebara, R. Kondor, A. Howard, "Probability product kernels", JMLR 2004.
        A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007: the directions.
    """

    def __init__(self, own: int = OWN_DIRECTIONS, reach: float = OWN_REACH, **settings: Any) -> None:
        """So many numbers for the own directions, which forget each other over `reach`."""
        super().__init__(**settings)
        self._own, self._reach = own, reach

    def build(self, input_shape: tuple[tuple[int | None, ...], ...]) -> None:
        """Draw the waves whose values make a direction, the same in every program."""
        waves, starts = keras.random.SeedGenerator(0), keras.random.SeedGenerator(1)
        self._waves = keras.ops.convert_to_numpy(keras.random.normal((input_shape[1][-1], self._own), seed=waves))
        self._starts = keras.ops.convert_to_numpy(keras.random.uniform((self._own,), 0.0, 2.0 * np.pi, seed=starts))

    def call(self, inputs: tuple[Any, Any]) -> Any:
        roots, features = inputs
        powers = keras.ops.power(roots, 2.0 * EXPONENT)
        doubt = keras.ops.maximum(1.0 - keras.ops.sum(keras.ops.square(powers), axis=-1, keepdims=True), 0.0)
        own = keras.ops.cos(keras.ops.matmul(features, self._waves / self._reach) + self._starts)
        return keras.ops.concatenate([powers, keras.ops.sqrt(doubt) * keras.ops.normalize(own, axis=-1)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[tuple[int | None, ...], ...]) -> tuple[int | None, ...]:
        count, classes = input_shape[0]
        return (count, None if classes is None else classes + self._own)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "own": self._own, "reach": self._reach}


@keras.saving.register_keras_serializable(package="siamese_core")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation of (n, h, w, c) whose training step is one operation, where Keras's takes ten."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training:
            return super().call(inputs, training=training, mask=mask)
        normalised, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        count = keras.ops.cast(keras.ops.size(inputs) // keras.ops.size(mean), variance.dtype)
        variance *= 1.0 - 1.0 / count  # it is the unbiased one, which Keras does not use
        for moving, seen in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + seen * (1.0 - self.momentum))
        return normalised
