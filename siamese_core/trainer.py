"""An encoder that learns, one epoch at a time: one compiled step for all recipes, seeded and stoppable.

The images stay on the device as one uint8 tensor; a batch is row numbers into it. The step runs on all devices that
`hosts` finds: each replica takes its share of the rows, and the pairs of a batch are those of all shares.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from siamese_core import hosts
from siamese_core.augmentation import Places, augmented
from siamese_core.checkpoint import Checkpoint
from siamese_core.config import Recipe
from siamese_core.errors import RunError
from siamese_core.losses import (
    contrastive_loss,
    euclidean_distance,
    in_batch_contrastive_loss,
    posterior_loss,
    supervised_contrastive_loss,
)
from siamese_core.networks import NETWORKS, computing, embedder_of
from siamese_core.optimizers import build_optimizer
from siamese_core.pairs import tutorial_pairs

SECONDS_A_LOOK = 0.25
"""How long compiled steps run on before the host looks whether to stop: short for a person, long beside a step."""


@dataclass(frozen=True)
class EpochRun:
    """One pass over the training data, or as much of it as was done.

    Attributes:
        loss: Mean over the pairs or anchors.
        seconds: Time in training steps.
        images: Images embedded.
        steps: Steps done.
        finished: Whether it saw all.
    """

    loss: float
    seconds: float
    images: int
    steps: int
    finished: bool


class StoppedError(Exception):
    """A stop was heard while images were embedded; never leaves `training.train`."""


class Trainer:
    """An encoder being trained, one epoch at a time.

    Attributes:
        encoder: The network, with the weights of this moment.
        embedder: What embeds with it, see `networks.embedder_of`.
        recipe: How it is trained.
        steps: Steps of one epoch.
    """

    def __init__(self, recipe: Recipe, images: np.ndarray, labels: np.ndarray, *, seed: int) -> None:
        """Build the network and place (n, 28, 28) uint8 `images` with their (n,) `labels` on the device."""
        _prepare_tensorflow()
        self._strategy = hosts.strategy()
        keras.utils.set_random_seed(seed)  # Keras draws weights and dropout from its own global state
        self.recipe = recipe
        self._rng = np.random.default_rng(seed)
        self._labels = labels.astype(np.int32)
        self._pairs = tutorial_pairs(labels, self._rng) if recipe.batches == "pairs" else None
        self.steps = self._count_steps()
        self._objective = partial(LOSSES[recipe.loss, recipe.batches], **recipe.loss_settings)
        with self._strategy.scope():
            self.encoder, self.embedder = _networks(recipe, recipe.precision)
            self._optimizer = build_optimizer(recipe, steps=recipe.epochs * self.steps)
            self._optimizer.build(self.encoder.trainable_variables)
        self._images = self._strategy.experimental_distribute_values_from_function(lambda _: tf.constant(images))
        self._seed = seed
        self._steps_a_look = 1

    def run_epoch(
        self,
        *,
        on_step: Callable[[EpochRun], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> EpochRun:
        """Show the encoder every training pair or image once.

        Args:
            on_step: Told what is done so far, a few times a second.
            should_stop: Asked as often; True ends the epoch early, on every host.

        Raises:
            RunError: Another host of the training is gone.
        """
        loss, targets_seen, images_seen, steps, seconds = 0.0, 0, 0, 0, 0.0

        def so_far(*, finished: bool = False) -> EpochRun:
            return EpochRun(loss / max(targets_seen, 1), seconds, images_seen, steps, finished)

        for rows, targets in self._batches():
            done = 0
            while done < len(rows):
                if hosts.largest(should_stop()):
                    return so_far()
                look = slice(done, done + self._steps_a_look)
                started = time.perf_counter()
                with hosts.missed():
                    loss += float(self._run_steps(rows[look], targets[look]))
                elapsed = time.perf_counter() - started
                seconds += elapsed
                targets_seen += targets[look].size
                images_seen += rows[look].size
                done += len(rows[look])
                steps += len(rows[look])
                self._adapt_look(hosts.largest(elapsed))
                on_step(so_far())
        return so_far(finished=True)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(tf.convert_to_tensor(self._optimizer.learning_rate))

    def checkpoint(self, history: list[dict[str, Any]], kept: list[np.ndarray]) -> Checkpoint:
        """How all stands between two epochs, with what there is to tell of the earlier ones."""
        return Checkpoint(
            history=history,
            order=dict(self._rng.bit_generator.state),
            network=[variable.numpy() for variable in self.encoder.variables],
            optimizer=[variable.numpy() for variable in self._optimizer.variables],
            kept=kept,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where a trainer of the same recipe, images and seed was.

        Raises:
            RunError: The checkpoint is of another network or optimizer.
        """
        variables = [*self.encoder.variables, *self._optimizer.variables]
        values = [*checkpoint.network, *checkpoint.optimizer]
        if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
            raise RunError("This run has left nothing to go on from; start it anew.")
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._rng.bit_generator.state = checkpoint.order

    def embed(self, images: np.ndarray, *, should_stop: Callable[[], bool] = lambda: False) -> np.ndarray:
        """Embeddings (n, d) float32 of (n, 28, 28) uint8 images by the weights of this moment.

        Raises:
            StoppedError: `should_stop`, asked before each batch, has said so; several hosts ask only where they agree.
        """
        if hosts.count() > 1:  # `predict` would share the images out and wait for the others
            return np.concatenate([self.embedder(images[at : at + 1_000]) for at in range(0, len(images), 1_000)])
        ear = _EarBetweenBatches(should_stop)
        return self.embedder.predict(images, batch_size=1_000, verbose=0, callbacks=[ear])

    def finished(self, weights: list[np.ndarray]) -> tuple[keras.Model, keras.Model]:
        """Encoder and embedder with these weights, in float32, bound to no other device or host.

        The weights of a recipe in bfloat16 are rounded to float16, which is finer than what most of them were
        multiplied as, and half the file.
        """
        encoder, embedder = self.encoder, self.embedder
        if self._strategy.num_replicas_in_sync > 1 or self.recipe.precision == "bfloat16":
            encoder, embedder = _networks(self.recipe, "float32")
        if self.recipe.precision == "bfloat16":
            weights = [weight.astype(np.float16).astype(np.float32) for weight in weights]
        encoder.set_weights(weights)
        return encoder, embedder

    def _count_steps(self) -> int:
        """Steps of one epoch. Pairs end with a smaller batch; images, of which each needs the others, drop the rest."""
        if self._pairs:
            return -(-len(self._pairs) // self.recipe.batch_size)
        return max(1, len(self._labels) // self.recipe.batch_size)

    def _batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One epoch in a new order: rows (steps, arms, b) and targets (steps, b), then the smaller last batch if any.

        The arms are left and right for pairs, with `is_same` as target; one for images, with the label as target.
        """
        if self._pairs:
            order = self._rng.permutation(len(self._pairs))
            rows = np.stack([self._pairs.left, self._pairs.right])[:, order]
            targets = self._pairs.is_same[order].astype(np.int32)
        else:
            order = self._rng.permutation(len(self._labels)).astype(np.int32)
            rows = order[None]
            targets = self._labels[order]
        size = min(self.recipe.batch_size, len(targets))
        whole = len(targets) // size
        end = whole * size
        yield rows[:, :end].reshape(-1, whole, size).swapaxes(0, 1), targets[:end].reshape(whole, size)
        if self._pairs and end < len(targets):
            yield rows[None, :, end:], targets[None, end:]

    def _adapt_look(self, elapsed: float) -> None:
        if elapsed < SECONDS_A_LOOK / 2:
            self._steps_a_look *= 2
        elif elapsed > SECONDS_A_LOOK and self._steps_a_look > 1:
            self._steps_a_look //= 2

    @tf.function(
        input_signature=[tf.TensorSpec((None, None, None), tf.int32), tf.TensorSpec((None, None), tf.int32)],
        autograph=False,  # there is no Python control flow to convert, and looking for it costs a third of the start
    )
    def _run_steps(self, rows: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Train on every batch in turn without coming back to Python; the sum of the losses of all targets."""

        def step(total: tf.Tensor, batch: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            losses = self._strategy.run(self._replica_step, args=(self._images, *batch))
            return total + self._strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

        return tf.foldl(step, (rows, targets), initializer=0.0, parallel_iterations=1)

    def _replica_step(self, images: tf.Tensor, rows: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """One step on this replica's share of rows (arms, b) and targets (b,); its share of the losses' sum.

        Every replica takes each so-many-th column, so that all get as many drawn images, which cost most.
        """
        context = tf.distribute.get_replica_context()
        replicas, own = context.num_replicas_in_sync, context.replica_id_in_sync_group
        count = tf.size(rows)
        places = Places(tf.reshape(tf.reshape(tf.range(count), tf.shape(rows))[:, own::replicas], [-1]), count)
        shown = tf.gather(images, tf.gather(tf.reshape(rows, [-1]), places.rows))
        shown = self._augmented(shown, places)
        mine = judged = targets[own::replicas]
        with tf.GradientTape() as tape:
            embeddings = self.encoder(shown, training=True)
            if not self._pairs:  # each image's pairs are with all images
                judged = tf.concat([targets[replica::replicas] for replica in range(replicas)], axis=0)
                embeddings = hosts.of_all_replicas(embeddings)
            loss = tf.reduce_mean(self._objective(judged, embeddings))
            mean = _times(loss, judged) / tf.cast(tf.shape(targets)[0], loss.dtype)
        variables = self.encoder.trainable_variables
        self._optimizer.apply(tape.gradient(mean, variables), variables)  # sums the replicas' gradients
        return _times(loss, mine)

    def _augmented(self, images: tf.Tensor, places: Places) -> tf.Tensor:
        """The images as this step shows them."""
        augment = partial(augmented, images, seed=self._random_seed(), places=places)
        if not self.recipe.clear:
            return augment(self.recipe)
        clear = self.recipe.changed(drawn=0.0, erased=0.0)
        clear_from = round((1.0 - self.recipe.clear) * self.recipe.epochs * self.steps)
        is_clear = self._optimizer.iterations >= clear_from
        return tf.cond(is_clear, lambda: augment(clear), lambda: augment(self.recipe))

    def _random_seed(self) -> tf.Tensor:
        """A seed (2,) for this step's augmentation, the same on every machine."""
        return tf.stack([tf.constant(self._seed, tf.int32), tf.cast(self._optimizer.iterations, tf.int32)])


def _prepare_tensorflow() -> None:
    """Have it start soon, and multiply float32 as such.

    On a processor its rewriting of graphs takes a third of the first step and made no later one quicker, see
    RESULTS.md; for a GPU it lays images out anew.
    """
    if not tf.config.list_physical_devices("GPU"):
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    tf.config.experimental.enable_tensor_float_32_execution(enabled=False)  # Muon needs every digit


def _networks(recipe: Recipe, precision: str) -> tuple[keras.Model, keras.Model]:
    """The recipe's encoder, and what embeds with it."""
    with computing(precision):
        encoder = NETWORKS[recipe.network]()
    return encoder, embedder_of(encoder, recipe)


def _times(loss: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The sum of the losses whose mean this is, 0 where a small last batch has left this replica none."""
    return tf.math.multiply_no_nan(loss, tf.cast(tf.shape(targets)[0], loss.dtype))


class _EarBetweenBatches(keras.callbacks.Callback):
    """Hears a stop while a network embeds."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        super().__init__()
        self._should_stop = should_stop

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  (as Keras calls it)
        if self._should_stop():
            raise StoppedError


def _pair_contrastive_loss(is_same: tf.Tensor, embeddings: tf.Tensor, margin: float) -> tf.Tensor:
    """The contrastive loss of each pair: the first half of the embeddings on the left, the other on the right."""
    left, right = tf.split(embeddings, 2)
    return contrastive_loss(is_same, euclidean_distance(left, right), margin)


LOSSES: Mapping[tuple[str, str], Callable[..., tf.Tensor]] = {
    ("contrastive", "pairs"): _pair_contrastive_loss,
    ("contrastive", "images"): in_batch_contrastive_loss,
    ("supervised_contrastive", "images"): supervised_contrastive_loss,
    ("posterior", "images"): posterior_loss,
}
"""By loss and kind of batch: (targets, embeddings, the loss's own settings) -> losses."""
