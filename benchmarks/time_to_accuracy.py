"""How soon `fast` is as good as the tutorial's plain program at its end, alternating in one run.

    python benchmarks/time_to_accuracy.py --rounds 3

The plain program trains its 20 epochs and is measured as it does it: on the tutorial's test pairs at 0.5. `fast` trains
in a process of its own and is measured after every epoch by the exact balanced accuracy over all 49,995,000 test pairs,
at the threshold chosen on validation pairs. Compilation counts, evaluation does not.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np


def run_fast(seed: int) -> list[dict[str, float]]:
    """After each epoch of `fast`: training seconds so far, images a second, and exact accuracy."""
    from siamese_core.collection import validation_positions
    from siamese_core.comparison import pair_distances
    from siamese_core.config import RECIPES
    from siamese_core.data import load_collection
    from siamese_core.evaluation import best_threshold
    from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs
    from siamese_core.pairs import tutorial_pairs
    from siamese_core.training import Trainer

    collection = load_collection()
    train, test = collection.split("train"), collection.split("test")
    fit, validation = validation_positions(train.labels)
    pairs = tutorial_pairs(train.labels[validation], np.random.default_rng(0))
    trainer = Trainer(RECIPES["fast"], train.images[fit], train.labels[fit], seed=seed)
    seconds, epochs = 0.0, []
    for _ in range(trainer.recipe.epochs):
        run = trainer.run_epoch()
        seconds += run.seconds
        distances = pair_distances(trainer.embed(train.images[validation]), pairs)
        threshold = best_threshold(distances, pairs.is_same)
        exact = evaluate_all_pairs(*all_pair_distances(trainer.embed(test.images), test.labels), threshold)
        epochs.append(
            {
                "seconds": seconds,
                "images_per_second": run.images / run.seconds,
                "balanced_accuracy": exact.balanced_accuracy,
            }
        )
    return epochs


def child(*arguments: str) -> str:
    """What a program of this folder prints, run in a process of its own."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-fast", type=int, metavar="SEED", help="train `fast` here and print its epochs as JSON")
    arguments = parser.parse_args()
    if arguments.only_fast is not None:
        print(json.dumps(run_fast(arguments.only_fast)))
        return

    print("| round | plain program, fit s | accuracy | fast, s to get there | exact accuracy | times sooner |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for number in range(arguments.rounds):
        plain = json.loads(child("benchmarks/plain_tutorial.py", f"--seed={number}"))
        epochs = json.loads(child(__file__, f"--only-fast={number}"))
        there = next((epoch for epoch in epochs if epoch["balanced_accuracy"] >= plain["accuracy_at_half"]), None)
        if there is None:
            print(f"| {number} | {plain['fit_seconds']:.1f} | {plain['accuracy_at_half']:.2%} | never | | |")
            continue
        ratios.append(plain["fit_seconds"] / there["seconds"])
        print(
            f"| {number} | {plain['fit_seconds']:.1f} | {plain['accuracy_at_half']:.2%} | {there['seconds']:.2f} | "
            f"{there['balanced_accuracy']:.2%} | {ratios[-1]:.1f} |",
            flush=True,
        )
    if ratios:
        print(f"\nMedian: {statistics.median(ratios):.1f} times sooner")


if __name__ == "__main__":
    main()
