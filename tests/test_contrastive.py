"""The NumPy statement of the contrastive loss is TensorFlow's one."""

import numpy as np
import pytest
import tensorflow as tf

from siamese_core import losses
from siamese_core.contrastive import contrastive_gradient, contrastive_losses, contrastive_slopes
from siamese_core.pairs import Pairs

DISTANCES = np.linspace(0.0, 3.0, 301)
MARGINS = [0.05, 0.5, 1.0, 1.7]


def some_pairs(count: int = 8, pairs: int = 20) -> tuple[np.ndarray, Pairs]:
    rng = np.random.default_rng(3)
    points = rng.normal(0.0, 0.5, (count, 3))
    left = rng.integers(0, count, pairs)
    return points, Pairs(left, (left + rng.integers(1, count, pairs)) % count, rng.integers(0, 2, pairs) == 1)


def test_losses_and_slopes_can_be_checked_by_hand() -> None:
    is_same, distances = np.array([True, False, False, False]), np.array([0.5, 0.25, 1.0, 3.0])
    np.testing.assert_allclose(contrastive_losses(is_same, distances), [0.25, 0.5625, 0.0, 0.0])
    np.testing.assert_allclose(contrastive_slopes(is_same, distances), [1.0, -1.5, 0.0, 0.0])


@pytest.mark.parametrize("is_same", [True, False])
@pytest.mark.parametrize("margin", MARGINS)
def test_losses_and_slopes_are_those_that_training_uses(is_same: bool, margin: float) -> None:
    labels, variable = np.full(len(DISTANCES), is_same), tf.Variable(DISTANCES)
    with tf.GradientTape() as tape:
        wanted = losses.contrastive_loss(tf.constant(labels), variable, margin)
    np.testing.assert_allclose(contrastive_losses(labels, DISTANCES, margin), wanted, atol=1e-12)
    np.testing.assert_allclose(
        contrastive_slopes(labels, DISTANCES, margin), tape.gradient(wanted, variable), atol=1e-12
    )


@pytest.mark.parametrize("margin", MARGINS)
def test_the_gradient_of_points_is_the_one_that_training_follows(margin: float) -> None:
    points, pairs = some_pairs()
    points[pairs.left[0]] = points[pairs.right[0]]  # a pair without a direction
    variable = tf.Variable(points)
    with tf.GradientTape() as tape:
        ends = tf.gather(variable, pairs.left), tf.gather(variable, pairs.right)
        distance = losses.euclidean_distance(*ends)
        mean = tf.reduce_mean(losses.contrastive_loss(tf.constant(pairs.is_same), distance, margin))
    wanted = tf.convert_to_tensor(tape.gradient(mean, variable))
    np.testing.assert_allclose(contrastive_gradient(points, pairs, margin), wanted, atol=1e-12)
