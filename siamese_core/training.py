"""Training by a recipe: epoch after epoch, each tried on validation pairs, told of, and the best one kept."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from siamese_core import hosts
from siamese_core.checkpoint import Checkpoint
from siamese_core.comparison import pair_distances
from siamese_core.config import Recipe
from siamese_core.errors import RunError
from siamese_core.evaluation import DistanceHistogram, accuracy, best_threshold, distance_histogram, roc
from siamese_core.pairs import Pairs, validation_pairs
from siamese_core.trainer import EpochRun, StoppedError, Trainer


@dataclass(frozen=True)
class ProgressEvent:
    """So many of an epoch's steps are done, in so many seconds of training; the rest as in `EpochEvent`, so far."""

    epoch: int
    step: int
    steps: int
    seconds: float
    loss: float
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True)
class EpochEvent:
    """One epoch, finished and tried on the validation pairs.

    Attributes:
        epoch: 1 for the first.
        epochs: Epochs wanted.
        loss: Mean over the epoch's pairs or anchors, while the weights were moving.
        accuracy: Share of validation pairs decided rightly at `threshold`.
        auc: Area under the ROC curve of the validation pairs.
        threshold: The distance with the best accuracy on the validation pairs.
        seconds: Time in training steps, compilation counted and evaluation not.
        images_per_second: Images embedded and learned from a second.
        learning_rate: Of the next step.
        histogram: The distances of the validation pairs.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    auc: float
    threshold: float
    seconds: float
    images_per_second: float
    learning_rate: float
    histogram: DistanceHistogram


@dataclass(frozen=True)
class Trained:
    """What `train` gives back.

    Attributes:
        encoder: The network with the weights of the best epoch.
        embedder: What embeds with them, see `networks.embedder_of`.
        history: One event an epoch.
        kept: The event of the epoch whose weights were kept: the highest validation accuracy.
        stopped: Whether it was stopped before the last epoch.
    """

    encoder: keras.Model
    embedder: keras.Model
    history: tuple[EpochEvent, ...]
    kept: EpochEvent
    stopped: bool


def train(
    recipe: Recipe,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray],
    seed: int,
    on_event: Callable[[ProgressEvent | EpochEvent], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_weights: Callable[[int, Callable[[np.ndarray], np.ndarray]], None] = lambda *_: None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    resumed: Checkpoint | None = None,
) -> Trained:
    """Train an encoder and keep its best epoch.

    Args:
        recipe: What to build and how to train it.
        images: (n, 28, 28) uint8 to fit on.
        labels: (n,).
        validation: Images (v, 28, 28) and labels (v,) never trained on; they choose the epoch and the threshold.
        seed: Decides weights, pairs, order, dropout and augmentation. Sets Keras's global seed too.
        on_event: Told about progress and finished epochs, those before `resumed` included.
        should_stop: Asked between steps, and between batches while an epoch is tried; True ends the training with the
            best epoch so far. It may take its time to answer, which pauses the training.
        on_checkpoint: Given, before an epoch is told of, what it takes to go on from its end; on the first host alone.
        resumed: Where an earlier training of this recipe and seed goes on; its epochs count among the recipe's.
        on_weights: Given, before the first epoch to come and after each, how many are over and what embeds images now;
            on the first host alone.

    Raises:
        RunError: It was stopped before the first epoch ended, so there is nothing to keep; another host of the training
            is gone, or would go on from another epoch.
    """
    trainer = Trainer(recipe, images, labels, seed=seed)
    validation_images, validation_labels = validation
    pairs = validation_pairs(validation_labels)
    history: list[EpochEvent] = []
    kept: EpochEvent | None = None
    kept_weights: list[np.ndarray] = []
    if resumed:
        trainer.restore(resumed)
        history, kept_weights = [_read_event(values, recipe.epochs) for values in resumed.history], resumed.kept
        kept = max(history, key=lambda event: event.accuracy)  # the first of equals, as below
        for event in history:
            on_event(event)
    _check_agreement(len(history))
    if not hosts.is_first():
        on_weights, on_checkpoint = (lambda *_: None), None
    embed = partial(trainer.embed, should_stop=should_stop)
    with suppress(StoppedError):  # an epoch that is not tried to its end does not count
        on_weights(len(history), embed)
        for epoch in range(len(history) + 1, recipe.epochs + 1):
            report = partial(_report_progress, on_event, trainer, epoch)
            run = trainer.run_epoch(on_step=report, should_stop=should_stop)
            if not run.finished:
                break
            event = _evaluated(run, trainer, embed(validation_images), pairs, epoch)
            on_weights(epoch, embed)
            history.append(event)
            if kept is None or event.accuracy > kept.accuracy:
                kept, kept_weights = event, trainer.encoder.get_weights()
            if on_checkpoint:
                on_checkpoint(trainer.checkpoint([asdict(event) for event in history], kept_weights))
            on_event(event)
    if kept is None:
        raise RunError("Training was stopped before its first epoch ended, so there is no model to keep.")
    encoder, embedder = trainer.finished(kept_weights)
    return Trained(encoder, embedder, tuple(history), kept, stopped=len(history) < recipe.epochs)


def _check_agreement(epochs: int) -> None:
    """Accept a training whose hosts all have as many epochs behind them.

    Raises:
        RunError: They have not.
    """
    if hosts.largest(epochs) != -hosts.largest(-epochs):
        raise RunError(
            "The hosts of this training would go on from different epochs; give all of them the folder of the first."
        )


def _report_progress(on_event: Callable[[ProgressEvent], None], trainer: Trainer, epoch: int, run: EpochRun) -> None:
    speed = run.images / run.seconds
    on_event(ProgressEvent(epoch, run.steps, trainer.steps, run.seconds, run.loss, trainer.learning_rate, speed))


def _evaluated(run: EpochRun, trainer: Trainer, embeddings: np.ndarray, pairs: Pairs, epoch: int) -> EpochEvent:
    distances = pair_distances(embeddings, pairs)
    threshold = best_threshold(distances, pairs.is_same)
    return EpochEvent(
        epoch=epoch,
        epochs=trainer.recipe.epochs,
        loss=run.loss,
        accuracy=accuracy(distances, pairs.is_same, threshold),
        auc=roc(distances, pairs.is_same).auc,
        threshold=threshold,
        seconds=run.seconds,
        images_per_second=run.images / run.seconds,
        learning_rate=trainer.learning_rate,
        histogram=distance_histogram(distances, pairs.is_same),
    )


def _read_event(values: dict[str, Any], epochs: int) -> EpochEvent:
    """The event that `asdict` made these values of, when so many epochs are wanted now."""
    return EpochEvent(**{**values, "epochs": epochs, "histogram": DistanceHistogram(**values["histogram"])})
