"""What a step of training costs in float32 and in bfloat16, and with which batch normalisation.

    python benchmarks/precision.py --rounds 3 --steps 30

The recipe `best`, each way in turn in a process of its own: normalised by Keras's operations or by one of TensorFlow's,
multiplied in float32 or in bfloat16, which the processor has to have instructions for.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

WAYS = ("plain float32", "fused float32", "plain bfloat16", "fused bfloat16")


def seconds_a_step(way: str, steps: int) -> float:
    """The median over looks of a few steps, the first look left out: it compiles."""
    import keras

    from siamese_core import networks
    from siamese_core.config import RECIPES
    from siamese_core.data import load_collection
    from siamese_core.trainer import EpochRun, Trainer

    normalisation, precision = way.split()
    if normalisation == "plain":
        networks.BatchNormalization = keras.layers.BatchNormalization
    data = load_collection().split("train")
    trainer = Trainer(replace(RECIPES["best"], precision=precision), data.images, data.labels, seed=0)
    looks: list[EpochRun] = []
    trainer.run_epoch(on_step=looks.append, should_stop=lambda: bool(looks) and looks[-1].steps > steps)
    taken = [
        (later.seconds - earlier.seconds) / (later.steps - earlier.steps)
        for earlier, later in itertools.pairwise(looks)
    ]
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    from siamese_core.networks import multiplies_bfloat16

    if not multiplies_bfloat16():
        parser.error("this processor does not multiply bfloat16, so there is nothing to compare")
    if arguments.one:
        print(seconds_a_step(arguments.one, arguments.steps))
        return
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(arguments.rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--one", way, "--steps", str(arguments.steps)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            taken[way].append(float(printed.split()[-1]))
    medians = {way: statistics.median(seconds) for way, seconds in taken.items()}
    print("| normalised, multiplied | a step of 256 images, ms | times as fast |\n|---|---|---|")
    for way, seconds in medians.items():
        print(f"| {way} | {1e3 * seconds:.0f} | {medians[WAYS[0]] / seconds:.2f} |")


if __name__ == "__main__":
    main()
