"""The tutorial's program, written plainly in Keras as a reader would: what this project is measured against.

Pairs are copied images, the loss is a scalar, `fit` does the rest. Run it as a child process, so that its memory and
its imports are its own: `python benchmarks/plain_tutorial.py --seed 0` prints one JSON document.
"""

import argparse
import json
import os
import random
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from siamese_core.data import load_collection

MARGIN = 1.0


def euclidean_distance(embeddings):
    left, right = embeddings
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(left - right), axis=1, keepdims=True), 1e-7))


def contrastive_loss(is_same, distance):
    is_same = tf.cast(is_same, distance.dtype)
    return tf.reduce_mean(is_same * tf.square(distance) + (1 - is_same) * tf.square(tf.maximum(MARGIN - distance, 0)))


def create_pairs(images, labels):
    positions = [np.where(labels == digit)[0] for digit in range(10)]
    count = min(len(of_class) for of_class in positions) - 1
    pairs, is_same = [], []
    for digit in range(10):
        for i in range(count):
            pairs.append([images[positions[digit][i]], images[positions[digit][i + 1]]])
            other = (digit + random.randrange(1, 10)) % 10
            pairs.append([images[positions[digit][i]], images[positions[other][i]]])
            is_same += [1.0, 0.0]
    return np.array(pairs), np.array(is_same, dtype="float32")


def siamese_network():
    encoder = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(128, activation="relu"),
        ]
    )
    left, right = keras.Input((28, 28)), keras.Input((28, 28))
    distance = keras.layers.Lambda(euclidean_distance, output_shape=(1,))([encoder(left), encoder(right)])
    return keras.Model([left, right], distance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)

    collection = load_collection()
    train, test = collection.split("train"), collection.split("test")
    started = time.perf_counter()
    pairs, is_same = create_pairs(train.images.astype("float32") / 255, train.labels)
    pair_seconds = time.perf_counter() - started
    test_pairs, test_is_same = create_pairs(test.images.astype("float32") / 255, test.labels)

    model = siamese_network()
    model.compile(loss=contrastive_loss, optimizer=keras.optimizers.RMSprop())
    started = time.perf_counter()
    model.fit([pairs[:, 0], pairs[:, 1]], is_same, batch_size=128, epochs=arguments.epochs, verbose=0)
    fit_seconds = time.perf_counter() - started

    distance = model.predict([test_pairs[:, 0], test_pairs[:, 1]], verbose=0).ravel()
    result = {
        "seed": arguments.seed,
        "epochs": arguments.epochs,
        "pairs": len(is_same),
        "pair_seconds": pair_seconds,
        "pair_bytes": pairs.nbytes + is_same.nbytes,
        "fit_seconds": fit_seconds,
        "accuracy_at_half": float(np.mean((distance < 0.5) == (test_is_same == 1))),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
