"""How soon `fast` is as good as the tutorial's plain program at its end, alternating in one run.

    python benchmarks/time_to_accuracy.py --rounds 3

The plain program trains its 20 epochs and is measured as it does it: on the tutorial's test pairs at 0.5. `fast` trains
in a process of its own and is looked at where it comes out of its compiled steps, at most twelve times an epoch and up
to a quarter of a second after it got there: exact balanced accuracy over all 49,995,000 test pairs, at the threshold
chosen on validation pairs. Compilation counts, evaluation does not. Beside it: images a second, and which share of the
float32 rate of a large matrix product on this machine the dense layers reach.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

LOOKS = 12
"""Looks an epoch, at most."""


def run_fast(seed: int) -> list[dict[str, float]]:
    """`fast`, looked at between its compiled steps: training seconds so far, images a second, exact accuracy."""
    from siamese_core.collection import validation_positions
    from siamese_core.comparison import pair_distances
    from siamese_core.config import RECIPES
    from siamese_core.data import load_collection
    from siamese_core.evaluation import best_threshold
    from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs
    from siamese_core.pairs import tutorial_pairs
    from siamese_core.trainer import EpochRun, Trainer

    collection = load_collection()
    train, test = collection.split("train"), collection.split("test")
    fit, validation = validation_positions(train.labels)
    pairs = tutorial_pairs(train.labels[validation], np.random.default_rng(0))
    trainer = Trainer(RECIPES["fast"], train.images[fit], train.labels[fit], seed=seed)
    looks: list[dict[str, float]] = []
    earlier = 0.0

    def look(run: EpochRun) -> None:
        part = LOOKS * run.steps // trainer.steps
        if looks and looks[-1]["part"] == part and run.steps < trainer.steps:
            return
        distances = pair_distances(trainer.embed(train.images[validation]), pairs)
        threshold = best_threshold(distances, pairs.is_same)
        exact = evaluate_all_pairs(*all_pair_distances(trainer.embed(test.images), test.labels), threshold)
        looks.append(
            {
                "part": part,
                "seconds": earlier + run.seconds,
                "images_per_second": run.images / run.seconds,
                "balanced_accuracy": exact.balanced_accuracy,
            }
        )

    for _ in range(trainer.recipe.epochs):
        earlier += trainer.run_epoch(on_step=look).seconds
    return looks


def matrix_rate() -> float:
    """Float32 operations a second that this machine's cores reach in a large matrix product by TensorFlow."""
    import tensorflow as tf

    size, times = 2_048, 5
    matrix = tf.random.normal((size, size))
    product = tf.function(lambda x: tf.matmul(x, x))
    product(matrix).numpy()
    started = time.perf_counter()
    for _ in range(times):
        result = product(matrix)
    result.numpy()
    return times * 2 * size**3 / (time.perf_counter() - started)


def operations_an_image() -> int:
    """Multiplications and additions of one training step of `fast` an image: forward, and backward but for pixels."""
    from siamese_core.networks import NETWORKS

    kernels = [layer.kernel.shape for layer in NETWORKS["perceptron"]().layers if hasattr(layer, "kernel")]
    first, *later = (int(np.prod(shape)) for shape in kernels)
    return 2 * (2 * first + 3 * sum(later))


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
        looks = run_fast(arguments.only_fast)
        share = max(look["images_per_second"] for look in looks) * operations_an_image() / matrix_rate()
        print(json.dumps({"looks": looks, "share": share}))
        return

    print(
        "| round | plain program, fit s | accuracy | fast, s to get there | exact accuracy | times sooner | its end |"
    )
    print("|---|---|---|---|---|---|---|")
    ratios, rates, shares = [], [], []
    for number in range(arguments.rounds):
        plain = json.loads(child("benchmarks/plain_tutorial.py", f"--seed={number}"))
        fast = json.loads(child(__file__, f"--only-fast={number}"))
        end = f"{fast['looks'][-1]['balanced_accuracy']:.2%} after {fast['looks'][-1]['seconds']:.1f} s"
        rates.append(max(look["images_per_second"] for look in fast["looks"]))
        shares.append(fast["share"])
        start = f"| {number} | {plain['fit_seconds']:.1f} | {plain['accuracy_at_half']:.2%}"
        there = next((look for look in fast["looks"] if look["balanced_accuracy"] >= plain["accuracy_at_half"]), None)
        if there is None:
            print(f"{start} | never | | | {end} |", flush=True)
            continue
        ratios.append(plain["fit_seconds"] / there["seconds"])
        print(
            f"{start} | {there['seconds']:.2f} | {there['balanced_accuracy']:.2%} | {ratios[-1]:.1f} | {end} |",
            flush=True,
        )
    if ratios:
        print(f"\nMedian: {statistics.median(ratios):.1f} times sooner")
    print(f"Images a second: {statistics.median(rates):,.0f}, {statistics.median(shares):.0%} of the matrix rate")


if __name__ == "__main__":
    main()
