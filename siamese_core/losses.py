"""Distances between embeddings and the losses that learn from them, as TensorFlow functions.

Every loss returns one value a pair or an anchor, never their mean: sample weights, and the scaling of
`tf.distribute`, need them apart.
"""

import tensorflow as tf


def euclidean_distance(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Distances (p,) between the rows of two (p, d) tensors.

    Where two rows coincide the distance is 0 and so is its gradient; the square root alone would give NaN there.
    """
    return _safe_sqrt(tf.reduce_sum(tf.square(left - right), axis=-1))


def pairwise_distances(embeddings: tf.Tensor) -> tf.Tensor:
    """Distances (n, n) between all rows of an (n, d) tensor, by the same rule at 0 as `euclidean_distance`."""
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    squares = tf.linalg.diag_part(products)
    return _safe_sqrt(squares[:, None] + squares[None, :] - 2.0 * products)


def contrastive_loss(is_same: tf.Tensor, distance: tf.Tensor, margin: float = 1.0) -> tf.Tensor:
    """The contrastive loss of each pair: `is_same * d² + (1 - is_same) * max(0, margin - d)²`.

    Finite in value and gradient everywhere. A coincident negative pair (d = 0) costs margin², but with the distances
    of this module its embeddings get a zero gradient: two equal points have no direction to be pushed apart in. They
    part through the other pairs they belong to.

    Args:
        is_same: (p,) 1 or True for items of one class.
        distance: (p,) not negative.
        margin: Distance beyond which different items cost nothing.

    Returns:
        (p,) losses.

    Raises:
        ValueError: The shapes differ; (p,) against (p, 1) would otherwise broadcast to (p, p) without a word.

    References:
        R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", 2006, eq. 4, which
        halves both terms and writes Y = 1 for a different pair.
    """
    is_same, distance = tf.convert_to_tensor(is_same), tf.convert_to_tensor(distance)
    if is_same.shape.rank != distance.shape.rank or not is_same.shape.is_compatible_with(distance.shape):
        raise ValueError(f"`is_same` must have the shape of `distance` {distance.shape}, got {is_same.shape}")
    is_same = tf.cast(is_same, distance.dtype)
    too_near = tf.maximum(margin - distance, 0.0)
    return is_same * tf.square(distance) + (1.0 - is_same) * tf.square(too_near)


def in_batch_contrastive_loss(labels: tf.Tensor, embeddings: tf.Tensor, margin: float = 1.0) -> tf.Tensor:
    """The contrastive loss of every pair among n items, weighted so that same and different pairs count alike.

    Args:
        labels: (n,) classes.
        embeddings: (n, d).
        margin: As for `contrastive_loss`.

    Returns:
        (n * (n - 1) / 2,) losses; their mean is half the mean over same plus half the mean over different pairs.
    """
    above = tf.linalg.band_part(tf.ones_like(labels[:, None] == labels[None, :], tf.int32), 0, -1) == 1
    above = tf.linalg.set_diag(above, tf.zeros_like(labels, tf.bool))
    distance = tf.boolean_mask(pairwise_distances(embeddings), above)
    is_same = tf.cast(tf.boolean_mask(labels[:, None] == labels[None, :], above), distance.dtype)
    share = tf.clip_by_value(tf.reduce_mean(is_same), 1e-6, 1.0 - 1e-6)
    weight = is_same / (2.0 * share) + (1.0 - is_same) / (2.0 * (1.0 - share))
    return weight * contrastive_loss(is_same, distance, margin)


def supervised_contrastive_loss(labels: tf.Tensor, embeddings: tf.Tensor, temperature: float = 0.1) -> tf.Tensor:
    """How badly each of n items tells its own class from the others of the batch.

    Args:
        labels: (n,) classes.
        embeddings: (n, d) on the unit sphere.
        temperature: The smaller, the more the nearest others count.

    Returns:
        (n,) losses; an item that is alone with its class costs 0.

    References:
        P. Khosla et al., "Supervised Contrastive Learning", 2020, eq. 2 (the sum outside the logarithm).
    """
    itself = tf.eye(tf.shape(embeddings)[0], dtype=tf.bool)
    logits = tf.matmul(embeddings, embeddings, transpose_b=True) / temperature
    logits = tf.where(itself, tf.fill(tf.shape(logits), logits.dtype.min), logits)
    log_share = logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True)
    positive = tf.cast((labels[:, None] == labels[None, :]) & ~itself, logits.dtype)
    log_share = tf.where(itself, tf.zeros_like(logits), log_share)  # 0 * -inf would be NaN
    return -tf.math.divide_no_nan(tf.reduce_sum(positive * log_share, axis=1), tf.reduce_sum(positive, axis=1))


def posterior_loss(
    labels: tf.Tensor, embeddings: tf.Tensor, temperature: float = 0.3, label_smoothing: float = 0.05
) -> tf.Tensor:
    """For embeddings that are roots of class posteriors: cross entropy, plus the supervised contrastive loss.

    The first makes the squares true probabilities, the second draws the items of a class together.

    Args:
        labels: (n,) classes, 0 to c - 1.
        embeddings: (n, c), not negative, of length one.
        temperature: Of the contrastive part.
        label_smoothing: Share of each target spread over all classes: some labels are wrong.

    Returns:
        (n,) losses.
    """
    targets = tf.one_hot(labels, embeddings.shape[-1], 1.0 - label_smoothing) + label_smoothing / embeddings.shape[-1]
    log_posterior = 2.0 * tf.math.log(tf.maximum(embeddings, 1e-12))
    cross_entropy = -tf.reduce_sum(targets * log_posterior, axis=-1)
    return cross_entropy + supervised_contrastive_loss(labels, embeddings, temperature)


def _safe_sqrt(squares: tf.Tensor) -> tf.Tensor:
    """Square roots with value and gradient 0 at and below 0, where rounding may have put a square."""
    positive = squares > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)
