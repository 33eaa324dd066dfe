"""From a recipe, or from trained weights, to a finished bundle: train, export, measure, save."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from siamese_core.artifacts import PROJECT_ARTIFACTS, check_name, load_bundle, save_bundle, save_map
from siamese_core.bundle import SHIPPED, Bundle, make_files
from siamese_core.calibration import Calibration, calibrate, reliability
from siamese_core.checkpoint import Checkpoint
from siamese_core.collection import VALIDATION_SEED, Collection, validation_positions
from siamese_core.comparison import pair_distances
from siamese_core.config import Recipe
from siamese_core.encoder import Encoder
from siamese_core.errors import BundleError, RunError
from siamese_core.evaluation import accuracy, roc, threshold_interval
from siamese_core.exhaustive import all_pair_distances, best_threshold_of_all, evaluate_all_pairs, retrieval
from siamese_core.familiarity import Familiarity, learn_familiarity
from siamese_core.moving_map import MapRecorder
from siamese_core.packing import NO_TRAINING_GIVES, Pack
from siamese_core.pairs import tutorial_pairs, validation_pairs
from siamese_core.projection import EpochPlanes, add_neighbours, draw_map
from siamese_core.training_library import check_can_train
from siamese_core.unseen import evaluate_unseen, one_shot

TEST_PAIRS_SEED = 0
"""Draws the tutorial's test pairs, so that every model is judged on the same ones."""
TUTORIAL_THRESHOLD = 0.5
PACKAGES = ("tensorflow", "keras", "numpy", "onnx", "tf2onnx")
_LARGEST = 1e15
"""Squares of larger numbers do not fit into float32, and so no distances do."""


@dataclass(frozen=True)
class MeasuringEvent:
    """The training is over; what it made is exported and measured."""


@dataclass(frozen=True)
class SavingEvent:
    """All is measured; it is written to the disk."""


@dataclass(frozen=True)
class _Made:
    """A trained network, the Keras models `encoder` and `embedder`, and what is known of how it came to be."""

    recipe: Recipe
    seed: int
    held_out: Sequence[str]
    encoder: Any
    embedder: Any
    history: list[dict[str, Any]]
    kept_epoch: int
    stopped: bool


def build_bundle(
    recipe: Recipe,
    name: str,
    collection: Collection,
    *,
    seed: int,
    held_out: Sequence[str] = (),
    on_event: Callable[[Any], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    resumed: Checkpoint | None = None,
    map_folder: Path | None = None,
    root: Path | None = None,
) -> Bundle | None:
    """Train by a recipe and save the best epoch as the bundle `name`, with the maps of its epochs.

    Of several hosts that train together the first one saves it, see `hosts`; the others get None.

    Args:
        recipe: What to build and how.
        name: The bundle's name.
        collection: Trained on but for its validation images; measured on its test images.
        seed: See `training.train`.
        held_out: Names of classes that training and validation never see; the bundle then says how it does on them.
        on_event: Told the events of `training.train`, then that what they made is measured, then that it is saved.
        should_stop: See `training.train`, as for `on_checkpoint` and `resumed`.
        on_checkpoint: Given each epoch's checkpoint.
        resumed: Where an earlier training goes on.
        map_folder: Where the map can be watched, and where a resumed training finds its earlier epochs' maps, see
            `moving_map`.
        root: The folder of bundles, see `artifacts.artifacts_root`.

    Raises:
        BundleError: The name is not allowed, or the disk refuses.
        RunError: Classes cannot be held out, see `find_labels`, training was stopped with nothing to keep, or another
            host is gone, or TensorFlow is not installed.
    """
    check_name(name)
    check_can_train()
    from siamese_core import hosts  # these bring TensorFlow in
    from siamese_core.training import train

    training, test = collection.split("train"), collection.split("test")
    unseen_labels = find_labels(held_out, collection.class_names)
    fit, validation = validation_positions(training.labels, held_out=unseen_labels)
    recorder = MapRecorder(test.images, epochs=recipe.epochs, folder=map_folder)
    trained = train(
        recipe,
        training.images[fit],
        training.labels[fit],
        validation=(training.images[validation], training.labels[validation]),
        seed=seed,
        on_event=on_event,
        should_stop=should_stop,
        on_weights=recorder.look,
        on_checkpoint=on_checkpoint,
        resumed=resumed,
    )
    if not hosts.is_first():
        return None
    on_event(MeasuringEvent())
    made = _Made(
        recipe=recipe,
        seed=seed,
        held_out=held_out,
        encoder=trained.encoder,
        embedder=trained.embedder,
        history=[asdict(event) for event in trained.history],
        kept_epoch=trained.kept.epoch,
        stopped=trained.stopped,
    )
    return _measure_and_save(made, name, collection, recorder.planes, on_event, root)


def draw_neighbours(name: str, root: Path | None = None) -> Bundle:
    """Give a saved bundle, which can be used meanwhile, the map that it lacks: the slow one, that keeps neighbours.

    Raises:
        BundleError: There is no such bundle, it is damaged, or the disk refuses.
    """
    bundle = load_bundle(name, root)
    embeddings = bundle.gallery_embeddings
    drawn = bundle.embedding_map or draw_map(embeddings, kept=int(bundle.config["kept_epoch"]))
    if drawn.neighbourly is not None:
        return bundle
    return save_map(name, add_neighbours(drawn, embeddings, seed=bundle.seed), root)


def rebuild_bundle(
    pack: Pack,
    name: str,
    collection: Collection,
    *,
    on_event: Callable[[Any], None] = lambda _: None,
    root: Path | None = None,
) -> Bundle:
    """Save as the bundle `name` what the weights of an uploaded one make of this code and these data.

    Raises:
        BundleError: The weights do not fit the network or give no distances, the name is not allowed, or the disk
            refuses.
        RunError: Its classes cannot have been held out, or TensorFlow is not installed.
    """
    check_name(name)
    check_can_train()
    from siamese_core.networks import NETWORKS, embedder_of, load_weights

    encoder = NETWORKS[pack.recipe.network]()
    try:
        load_weights(encoder, pack.weights)
    except ValueError as error:
        raise BundleError(
            "The weights in this file do not fit the network {network}.", network=pack.recipe.network
        ) from error
    on_event(MeasuringEvent())
    made = _Made(
        recipe=pack.recipe,
        seed=pack.seed,
        held_out=pack.held_out,
        encoder=encoder,
        embedder=embedder_of(encoder, pack.recipe),
        history=pack.history,
        kept_epoch=pack.kept_epoch,
        stopped=pack.stopped,
    )
    return _measure_and_save(made, name, collection, EpochPlanes(), on_event, root)


def _measure_and_save(
    made: _Made,
    name: str,
    collection: Collection,
    planes: EpochPlanes,
    on_event: Callable[[Any], None],
    root: Path | None,
) -> Bundle:
    """Export a trained network, measure what the exported one does, and save it with all that is known of it.

    Raises:
        BundleError: It gives no distances, or the disk refuses.
    """
    from siamese_core.networks import describe, to_onnx, weights_by_name  # these bring TensorFlow in

    training, test = collection.split("train"), collection.split("test")
    unseen_labels = find_labels(made.held_out, collection.class_names)
    _, validation = validation_positions(training.labels, held_out=unseen_labels)
    onnx = to_onnx(made.embedder)
    served = Encoder(onnx)
    chosen_on = served.embed(training.images[validation])
    if not (np.abs(chosen_on) < _LARGEST).all():  # NaN fails the comparison too
        raise BundleError(NO_TRAINING_GIVES)
    embeddings = served.embed(test.images)
    pairs = validation_pairs(training.labels[validation])
    same, different = all_pair_distances(chosen_on, training.labels[validation])
    threshold = best_threshold_of_all(same, different)
    calibration = calibrate(chosen_on, training.labels[validation], same, different)
    files = make_files(
        onnx=onnx,
        weights=weights_by_name(made.encoder),
        config={
            "recipe": made.recipe.to_dict(),
            "seed": made.seed,
            "kept_epoch": made.kept_epoch,
            "stopped": made.stopped,
            "held_out": [collection.class_names[label] for label in unseen_labels],
            "data": {"name": collection.name, "fingerprint": collection.fingerprint},
            "class_names": list(collection.class_names),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
            "layers": describe(made.encoder, made.recipe),
        },
        metrics={
            "threshold": threshold,
            "threshold_interval": threshold_interval(
                pair_distances(chosen_on, pairs), pairs, len(validation), np.random.default_rng(VALIDATION_SEED)
            ),
            "validation": _exact(same, different, threshold),
            "calibration": calibration.to_dict(),
            **measure(embeddings, test.labels, threshold, calibration, unseen_labels),
            "parameters": made.encoder.count_params(),
            "seconds": sum(epoch["seconds"] for epoch in made.history),
        },
        history=made.history,
        gallery_embeddings=embeddings,
        embedding_map=draw_map(embeddings, kept=made.kept_epoch, earlier=planes),
        familiarity=find_familiarity(collection),
    )
    on_event(SavingEvent())
    return save_bundle(name, files, root)


def find_familiarity(collection: Collection) -> Familiarity:
    """What tells pictures like this collection from others, its held-out classes included.

    No encoder has a part in it: that of a shipped bundle of the same data is taken over, which saves a minute.
    """
    for name in SHIPPED:
        try:
            shipped = load_bundle(name, PROJECT_ARTIFACTS)
        except BundleError:  # missing or damaged: no reason to lose a training that is over
            continue
        if shipped.familiarity and shipped.config["data"]["fingerprint"] == collection.fingerprint:
            return shipped.familiarity
    training = collection.split("train")
    fit, validation = validation_positions(training.labels)
    return learn_familiarity(training.images[fit], training.images[validation])


def measure(
    embeddings: np.ndarray,
    labels: np.ndarray,
    threshold: float,
    calibration: Calibration,
    unseen_labels: np.ndarray,
) -> dict[str, dict[str, float]]:
    """All figures of a model over the test images.

    Args:
        embeddings: (n, d) of the test images.
        labels: (n,).
        threshold: Chosen on validation pairs.
        calibration: Fitted to validation pairs.
        unseen_labels: Labels that training never saw, or none.

    Returns:
        `tutorial_pairs`, over the tutorial's test pairs, at its fixed threshold of 0.5 and at the model's own;
        `all_pairs`, `probability` (is P(same) true?) and `retrieval`, exact; `unseen`, where there are such labels.
    """
    pairs = tutorial_pairs(labels, np.random.default_rng(TEST_PAIRS_SEED))
    distances = pair_distances(embeddings, pairs)
    same, different = all_pair_distances(embeddings, labels)
    trust = reliability(calibration, same, different)
    figures = {
        "tutorial_pairs": {
            "n": len(pairs),
            "accuracy_at_half": accuracy(distances, pairs.is_same, TUTORIAL_THRESHOLD),
            "accuracy": accuracy(distances, pairs.is_same, threshold),
            "threshold": threshold,
            "auc": roc(distances, pairs.is_same).auc,
        },
        "all_pairs": _exact(same, different, threshold),
        "probability": {"ece": trust.ece, "brier": trust.brier},
        "retrieval": asdict(retrieval(embeddings, labels)),
    }
    if len(unseen_labels):
        of_unseen = np.isin(labels, unseen_labels)
        shots = one_shot(embeddings[of_unseen], labels[of_unseen], np.random.default_rng(TEST_PAIRS_SEED))
        figures["unseen"] = {
            **asdict(evaluate_unseen(embeddings, labels, unseen_labels, threshold)),
            **{f"one_shot_{name}": value for name, value in asdict(shots).items()},
        }
    return figures


def _exact(same: np.ndarray, different: np.ndarray, threshold: float) -> dict[str, float]:
    """The figures over all pairs, at these increasing distances."""
    exact = evaluate_all_pairs(same, different, threshold)
    return {"balanced_accuracy": exact.balanced_accuracy, "auc": exact.auc, "eer": exact.eer}


def find_labels(names: Sequence[str], class_names: Sequence[str]) -> np.ndarray:
    """The labels of the classes of these names, to be held out of training.

    Raises:
        RunError: A name is unknown, there is one only, or fewer than two classes would remain.
    """
    unknown = [name for name in names if name not in class_names]
    if unknown:
        raise RunError(
            "There is no class {name!r}; the classes are {known}.", name=unknown[0][:40], known=", ".join(class_names)
        )
    labels = np.array(sorted({class_names.index(name) for name in names}), int)
    if len(labels) == 1 or len(class_names) - len(labels) < 2:
        raise RunError("Hold out at least two classes and leave at least two to train on.")
    return labels
