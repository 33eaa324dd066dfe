"""Train as one host of however many `TF_CONFIG` names, and write down how it ended; run by test_hosts.py.

python tests/one_host.py FOLDER [RECIPE ...] [--dies-in-epoch 3] [--resume]
"""

import argparse
import dataclasses
import os
import signal
import sys
from pathlib import Path

import numpy as np

from siamese_core import hosts
from siamese_core.checkpoint import Checkpoint
from siamese_core.config import RECIPES
from siamese_core.errors import RunError
from siamese_core.training import ProgressEvent, train

SMALL = {
    "pairs": dataclasses.replace(RECIPES["classic"], network="perceptron", epochs=4, batch_size=96),
    "in_batch": dataclasses.replace(
        RECIPES["fast"], epochs=2, batch_size=63, loss="contrastive", margin=1.0, temperature=None,
        flip=True, shift=2, drawn=0.3, erased=0.3,
    ),
}  # fmt: skip
"""Without dropout, of which every replica draws its own. The last 64 pairs make a smaller batch; 63 images are an odd
number for two hosts."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipes", nargs="*", default=[])
    parser.add_argument("--dies-in-epoch", type=int)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 10
    images = rng.integers(0, 60, (400, 28, 28), dtype=np.uint8)
    images[np.arange(400), 2 + 2 * labels] = 255
    checkpoint = arguments.folder / "checkpoint.npz"

    def on_event(event: object) -> None:
        if isinstance(event, ProgressEvent) and event.epoch == arguments.dies_in_epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in arguments.recipes:
        trained = train(
            SMALL[name],
            images[100:],
            labels[100:],
            validation=(images[:100], labels[:100]),
            seed=0,
            on_event=on_event,
            on_checkpoint=(lambda state: state.save(checkpoint)) if hosts.is_first() else None,
            resumed=Checkpoint.load(checkpoint) if arguments.resume else None,
        )
        weights = {f"weight_{at:02}": weight for at, weight in enumerate(trained.encoder.get_weights())}
        losses = [event.loss for event in trained.history]
        np.savez(arguments.folder / f"{name}-{'first' if hosts.is_first() else 'other'}", losses=losses, **weights)


if __name__ == "__main__":
    try:
        main()
    except RunError as error:
        sys.exit(str(error))
