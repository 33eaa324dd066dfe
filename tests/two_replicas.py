"""Train one epoch on one device and on two, and print how far apart they end; run by test_trainer.py.

A program of its own, since TensorFlow must hear of the second device before it does anything else.
"""

import dataclasses
import json
import sys

import numpy as np
import tensorflow as tf

from siamese_core.config import RECIPES
from siamese_core.trainer import Trainer

SMALL = {
    "pairs": dataclasses.replace(RECIPES["classic"], batch_size=32),
    "images": dataclasses.replace(RECIPES["fast"], batch_size=51, flip=True, shift=2, drawn=0.3, erased=0.3),
}


def main() -> None:
    device = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8), np.arange(300) % 10
    strategies = (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    results = {"replicas": [strategy.num_replicas_in_sync for strategy in strategies]}
    for name, recipe in SMALL.items():
        losses, weights = [], []
        for strategy in strategies:
            with strategy.scope():
                trainer = Trainer(recipe, images, labels, seed=0)
                for layer in trainer.encoder.layers:
                    if "dropout" in layer.name:
                        layer.rate = 0.0  # the replicas would drop other units than the one device
                losses.append(trainer.run_epoch().loss)
            weights.append(trainer.encoder.get_weights())
        apart = max(float(np.abs(one - two).max()) for one, two in zip(*weights, strict=True))
        results[name] = {"losses": losses, "weights_apart": apart}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
