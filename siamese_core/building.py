"""From a recipe to a finished bundle: train, export, measure, save."""

import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from siamese_core.artifacts import Bundle, check_name, save_bundle
from siamese_core.calibration import Calibration, calibrate, reliability
from siamese_core.collection import Collection, validation_positions
from siamese_core.comparison import pair_distances
from siamese_core.config import Recipe
from siamese_core.encoder import Encoder
from siamese_core.evaluation import accuracy, roc
from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs, retrieval
from siamese_core.pairs import tutorial_pairs

TEST_PAIRS_SEED = 0
"""Draws the tutorial's test pairs, so that every model is judged on the same ones."""
TUTORIAL_THRESHOLD = 0.5
PACKAGES = ("tensorflow", "keras", "numpy", "onnx", "tf2onnx")


def build_bundle(
    recipe: Recipe,
    name: str,
    collection: Collection,
    *,
    seed: int,
    on_event: Callable[[Any], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    root: Path | None = None,
) -> Bundle:
    """Train by a recipe and save the best epoch as the bundle `name`.

    Args:
        recipe: What to build and how.
        name: The bundle's name.
        collection: Trained on but for its validation images; measured on its test images.
        seed: See `training.train`.
        on_event: Told the events of `training.train`.
        should_stop: See `training.train`.
        root: The folder of bundles, see `artifacts.artifacts_root`.

    Raises:
        BundleError: The name is not allowed, or the disk refuses.
        RunError: Training was stopped before there was anything to keep.
    """
    from siamese_core.networks import describe, to_onnx, weights_by_name  # these bring TensorFlow in
    from siamese_core.training import train

    check_name(name)
    training, test = collection.split("train"), collection.split("test")
    fit, validation = validation_positions(training.labels)
    trained = train(
        recipe,
        training.images[fit],
        training.labels[fit],
        validation=(training.images[validation], training.labels[validation]),
        seed=seed,
        on_event=on_event,
        should_stop=should_stop,
    )
    onnx = to_onnx(trained.encoder)
    encoder = Encoder(onnx)
    embeddings = encoder.embed(test.images)
    calibration = calibrate(encoder.embed(training.images[validation]), training.labels[validation])
    return save_bundle(
        name,
        onnx=onnx,
        weights=weights_by_name(trained.encoder),
        config={
            "recipe": recipe.to_dict(),
            "seed": seed,
            "kept_epoch": trained.kept.epoch,
            "stopped": trained.stopped,
            "data": {"name": collection.name, "fingerprint": collection.fingerprint},
            "class_names": list(collection.class_names),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
            "layers": describe(trained.encoder),
        },
        metrics={
            "threshold": trained.kept.threshold,
            "validation": {"accuracy": trained.kept.accuracy, "auc": trained.kept.auc},
            "calibration": calibration.to_dict(),
            **measure(embeddings, test.labels, trained.kept.threshold, calibration),
            "parameters": trained.encoder.count_params(),
            "seconds": sum(event.seconds for event in trained.history),
        },
        history=[asdict(event) for event in trained.history],
        gallery_embeddings=embeddings,
        root=root,
    )


def measure(
    embeddings: np.ndarray, labels: np.ndarray, threshold: float, calibration: Calibration
) -> dict[str, dict[str, float]]:
    """All figures of a model over the test images.

    Args:
        embeddings: (n, d) of the test images.
        labels: (n,).
        threshold: Chosen on validation pairs.
        calibration: Fitted to validation pairs.

    Returns:
        `tutorial_pairs`, over the tutorial's test pairs, at its fixed threshold of 0.5 and at the model's own;
        `all_pairs`, `probability` (is P(same) true?) and `retrieval`, exact.
    """
    pairs = tutorial_pairs(labels, np.random.default_rng(TEST_PAIRS_SEED))
    distances = pair_distances(embeddings, pairs)
    same, different = all_pair_distances(embeddings, labels)
    exact = evaluate_all_pairs(same, different, threshold)
    trust = reliability(calibration, same, different)
    return {
        "tutorial_pairs": {
            "n": len(pairs),
            "accuracy_at_half": accuracy(distances, pairs.is_same, TUTORIAL_THRESHOLD),
            "accuracy": accuracy(distances, pairs.is_same, threshold),
            "threshold": threshold,
            "auc": roc(distances, pairs.is_same).auc,
        },
        "all_pairs": {"balanced_accuracy": exact.balanced_accuracy, "auc": exact.auc, "eer": exact.eer},
        "probability": {"ece": trust.ece, "brier": trust.brier},
        "retrieval": asdict(retrieval(embeddings, labels)),
    }
