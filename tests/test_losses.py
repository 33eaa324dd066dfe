import numpy as np
import pytest
import tensorflow as tf

from siamese_core.losses import (
    contrastive_loss,
    euclidean_distance,
    in_batch_contrastive_loss,
    pairwise_distances,
    posterior_loss,
    supervised_contrastive_loss,
)


def embeddings(count=9, size=4, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


LABELS = np.array([0, 0, 1, 1, 1, 2, 2, 0, 2])


def test_contrastive_loss_can_be_checked_by_hand():
    losses = contrastive_loss(tf.constant([1.0, 0, 0, 0]), tf.constant([0.5, 0.25, 1.0, 3.0]))
    np.testing.assert_allclose(losses, [0.25, 0.5625, 0, 0])


def test_a_wider_margin_pushes_further():
    losses = contrastive_loss(tf.constant([0, 1]), tf.constant([1.5, 1.5]), margin=2.0)
    np.testing.assert_allclose(losses, [0.25, 2.25])


def test_one_value_a_pair_so_that_weights_and_replicas_can_scale_them():
    assert contrastive_loss(tf.constant([True, False]), tf.constant([0.1, 0.2])).shape == (2,)


def test_labels_of_another_shape_are_refused_rather_than_broadcast():
    with pytest.raises(ValueError, match="`is_same` must have the shape of `distance`"):
        contrastive_loss(tf.zeros(3), tf.zeros((3, 1)))


@pytest.mark.parametrize(("is_same", "loss"), [(1, 0.0), (0, 1.0)])
def test_coincident_pair_has_finite_loss_and_no_direction(is_same, loss):
    left, right = tf.Variable([[0.3, 0.4]]), tf.constant([[0.3, 0.4]])
    with tf.GradientTape() as tape:
        value = contrastive_loss(tf.constant([is_same]), euclidean_distance(left, right))
    np.testing.assert_allclose(value, [loss])
    np.testing.assert_array_equal(tape.gradient(value, left), [[0, 0]])


@pytest.mark.parametrize("is_same", [0, 1])
def test_gradient_is_the_slope_of_the_loss(is_same):
    left, right = np.array([[0.3, 0.1]]), np.array([[0.1, -0.2]])

    def loss(point):
        return float(contrastive_loss(tf.constant([is_same]), euclidean_distance(tf.constant(point), right))[0])

    variable = tf.Variable(left)
    with tf.GradientTape() as tape:
        value = contrastive_loss(tf.constant([is_same]), euclidean_distance(variable, right))
    step = 1e-6 * np.eye(2)
    slopes = [(loss(left + step[i]) - loss(left - step[i])) / 2e-6 for i in range(2)]
    np.testing.assert_allclose(tape.gradient(value, variable)[0], slopes, rtol=1e-5)


def test_pairwise_distances_are_those_of_a_loop():
    vectors = embeddings()
    expected = [[np.linalg.norm(a - b) for b in vectors] for a in vectors]
    np.testing.assert_allclose(pairwise_distances(tf.constant(vectors)), expected, atol=1e-3)


def test_in_batch_loss_weighs_same_and_different_pairs_alike():
    vectors = embeddings()
    losses = {True: [], False: []}
    for i in range(9):
        for j in range(i + 1, 9):
            distance, same = np.linalg.norm(vectors[i] - vectors[j]), bool(LABELS[i] == LABELS[j])
            losses[same].append(distance**2 if same else max(0, 1.2 - distance) ** 2)
    in_batch = in_batch_contrastive_loss(tf.constant(LABELS), tf.constant(vectors), margin=1.2)
    assert in_batch.shape == (36,)
    assert float(tf.reduce_mean(in_batch)) == pytest.approx(
        (np.mean(losses[True]) + np.mean(losses[False])) / 2, rel=1e-5
    )


def test_supervised_contrastive_loss_is_the_papers_formula_in_loops():
    vectors, temperature = embeddings(), 0.2
    expected = []
    for i in range(9):
        others = [a for a in range(9) if a != i]
        everything = sum(np.exp(vectors[i] @ vectors[a] / temperature) for a in others)
        positives = [p for p in others if LABELS[p] == LABELS[i]]
        logs = [np.log(np.exp(vectors[i] @ vectors[p] / temperature) / everything) for p in positives]
        expected.append(-np.mean(logs))
    losses = supervised_contrastive_loss(tf.constant(LABELS), tf.constant(vectors), temperature)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_posterior_loss_is_cross_entropy_of_the_squares_plus_the_contrastive_loss():
    posterior = np.random.default_rng(1).dirichlet(np.ones(3), 9).astype(np.float32)
    roots = tf.constant(np.sqrt(posterior))
    targets = 0.9 * np.eye(3)[LABELS] + 0.1 / 3
    expected = -(targets * np.log(posterior)).sum(1) + supervised_contrastive_loss(tf.constant(LABELS), roots, 0.3)
    losses = posterior_loss(tf.constant(LABELS), roots, temperature=0.3, label_smoothing=0.1)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


def test_posterior_loss_of_an_impossible_class_is_finite():
    roots = tf.Variable([[1.0, 0.0], [1.0, 0.0]])
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(posterior_loss(tf.constant([1, 1]), roots))
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, roots)).all()


@pytest.mark.parametrize("loss", [in_batch_contrastive_loss, supervised_contrastive_loss])
@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_batches_of_one_kind_or_of_equal_embeddings_stay_finite(loss, labels):
    vectors = tf.Variable(np.repeat(embeddings(1), 4, axis=0))
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(tf.constant(labels), vectors))
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, vectors)).all()
