"""What a hedged embedding gains by keeping apart what it doubts, see `layers.HedgedPosterior`.

    python benchmarks/hedging.py best

Distances of the roots of the posteriors, and of the hedged embeddings: exact figures over the 5,000 validation and the
10,000 test images, at thresholds chosen on all pairs of the validation images.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from siamese_core.architectures import CLASSES
from siamese_core.artifacts import load_bundle
from siamese_core.collection import validation_positions
from siamese_core.data import load_collection
from siamese_core.exhaustive import all_pair_distances, best_threshold_of_all, evaluate_all_pairs, retrieval
from siamese_core.layers import EXPONENT


def roots(embeddings: np.ndarray) -> np.ndarray:
    """Roots (n, c) of the posteriors that hedged embeddings (n, d) begin with."""
    return embeddings[:, :CLASSES] ** (0.5 / EXPONENT)


DISTANCES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {"roots": roots, "hedged": lambda embeddings: embeddings}


def figures(embeddings: np.ndarray, labels: np.ndarray, threshold: float) -> str:
    """The cells of a row."""
    pairs = evaluate_all_pairs(*all_pair_distances(embeddings, labels), threshold)
    ranking = retrieval(embeddings, labels)
    return (
        f"{pairs.balanced_accuracy:.2%} | {pairs.auc:.4f} | {pairs.eer:.2%} "
        f"| {ranking.recall_at_1:.4f} | {ranking.map:.4f} | {ranking.map_at_10:.4f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    bundle, collection = load_bundle(parser.parse_args().model), load_collection()
    if not bundle.recipe.hedged:
        parser.error(f"{bundle.name} is not hedged: its embeddings begin with no posteriors")
    training, test = collection.split("train"), collection.split("test")
    _, rows = validation_positions(training.labels)
    validation, labels = bundle.encoder.embed(training.images[rows]), training.labels[rows]
    print("| images | distance | balanced accuracy | AUC | EER | recall@1 | mAP | MAP@10 |")
    print("|---" * 8 + "|")
    for name, of in DISTANCES.items():
        threshold = best_threshold_of_all(*all_pair_distances(of(validation), labels))
        print(f"| validation | {name} | {figures(of(validation), labels, threshold)}")
        print(f"| test | {name} | {figures(of(bundle.gallery_embeddings), test.labels, threshold)}", flush=True)


if __name__ == "__main__":
    main()
