"""How a recipe does on classes that it never saw in training.

    python benchmarks/unseen.py --recipe best --seeds 1
    python benchmarks/unseen.py --recipe fast --leave-one-out

Two protocols that others use, over test images:
IFN680: train without Dress, Sneaker, Bag and Shirt; AUC and balanced accuracy of all pairs among the four, at the
threshold chosen on validation pairs of the six.
One-shot: train on Trouser, Pullover, Dress, Bag and Ankle boot; one image of each of the other five is known, all their
other test images go to the class of the nearest; mean over 1,000 draws, with the middle 95 % of them.
With --leave-one-out instead, for each class, a network trained on the nine others: AUC and balanced accuracy of the
class's same pairs against its pairs with the others, at the threshold chosen on validation pairs of the nine.
With --untrained instead, the network before its first step: what an embedding is worth that has learned nothing.
No figure here may choose anything: look at them once a recipe is settled.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

from siamese_core.collection import validation_positions
from siamese_core.config import RECIPES, Recipe
from siamese_core.data import CLASS_NAMES, load_collection
from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs
from siamese_core.networks import NETWORKS, embedder_of
from siamese_core.training import train
from siamese_core.unseen import evaluate_left_out, evaluate_unseen, one_shot

IFN680_UNSEEN = (3, 7, 8, 6)
ONE_SHOT_UNSEEN = (0, 4, 5, 6, 7)


def embed_test(recipe: Recipe, held_out: tuple[int, ...], seed: int) -> tuple[np.ndarray, float]:
    """Embeddings of the 10,000 test images by a network that never saw these labels, and its threshold."""
    collection = load_collection()
    training = collection.split("train")
    fit, validation = validation_positions(training.labels, held_out=held_out)
    trained = train(
        recipe,
        training.images[fit],
        training.labels[fit],
        validation=(training.images[validation], training.labels[validation]),
        seed=seed,
    )
    embeddings = trained.embedder.predict(collection.split("test").images, batch_size=1_000, verbose=0)
    return embeddings, trained.kept.threshold


def print_pairs_and_one_shot(recipe: Recipe, labels: np.ndarray, seed: int) -> None:
    """The rows of both protocols."""
    embeddings, threshold = embed_test(recipe, IFN680_UNSEEN, seed)
    pairs = evaluate_unseen(embeddings, labels, np.array(IFN680_UNSEEN), threshold)
    print(f"| IFN680, unseen pairs | {seed} | {pairs.unseen_auc:.4f} | {pairs.unseen_balanced_accuracy:.2%} | |")
    print(f"| IFN680, seen pairs | {seed} | {pairs.seen_auc:.4f} | {pairs.seen_balanced_accuracy:.2%} | |", flush=True)
    embeddings, _ = embed_test(recipe, ONE_SHOT_UNSEEN, seed)
    print_one_shot(embeddings, labels, seed)


def print_untrained(recipe: Recipe, labels: np.ndarray, seed: int) -> None:
    """The rows of both protocols for random weights, which have no threshold."""
    keras.utils.set_random_seed(seed)
    embedder = embedder_of(NETWORKS[recipe.network](), recipe)
    embeddings = embedder.predict(load_collection().split("test").images, batch_size=1_000, verbose=0)
    unseen = np.isin(labels, IFN680_UNSEEN)
    pairs = evaluate_all_pairs(*all_pair_distances(embeddings[unseen], labels[unseen]), threshold=0.0)
    print(f"| IFN680, unseen pairs | {seed} | {pairs.auc:.4f} | | |", flush=True)
    print_one_shot(embeddings, labels, seed)


def print_one_shot(embeddings: np.ndarray, labels: np.ndarray, seed: int) -> None:
    """The row of one-shot recognition."""
    unseen = np.isin(labels, ONE_SHOT_UNSEEN)
    shot = one_shot(embeddings[unseen], labels[unseen], np.random.default_rng(0))
    print(
        f"| one-shot, {shot.ways}-way | {seed} | | | {shot.accuracy:.2%} ({shot.low:.2%}-{shot.high:.2%}) |", flush=True
    )


def print_left_out(recipe: Recipe, labels: np.ndarray, seed: int) -> None:
    """A row a class, and their mean."""
    figures = []
    for label, name in enumerate(CLASS_NAMES):
        embeddings, threshold = embed_test(recipe, (label,), seed)
        pairs = evaluate_left_out(embeddings, labels, label, threshold)
        print(f"| {name} left out | {seed} | {pairs.auc:.4f} | {pairs.balanced_accuracy:.2%} | |", flush=True)
        figures.append([pairs.auc, pairs.balanced_accuracy])
    auc, balanced = np.mean(figures, axis=0)
    print(f"| one left out, mean | {seed} | {auc:.4f} | {balanced:.2%} | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=list(RECIPES), default="best")
    parser.add_argument("--epochs", type=int, help="other than the recipe's")
    parser.add_argument("--seeds", type=int, default=1, help="networks a protocol, with seeds 0, 1, …")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--leave-one-out", dest="print_rows", action="store_const", const=print_left_out)
    instead.add_argument("--untrained", dest="print_rows", action="store_const", const=print_untrained)
    parser.set_defaults(print_rows=print_pairs_and_one_shot)
    arguments = parser.parse_args()
    recipe = RECIPES[arguments.recipe].changed(epochs=arguments.epochs)
    labels = load_collection().split("test").labels

    print("| protocol | seed | AUC | balanced accuracy | one-shot |\n|---|---|---|---|---|")
    for seed in range(arguments.seeds):
        arguments.print_rows(recipe, labels, seed)


if __name__ == "__main__":
    main()
