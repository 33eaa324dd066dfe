import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siamese_core.config import RECIPES
from siamese_core.trainer import Trainer

RECIPE = dataclasses.replace(RECIPES["classic"], batch_size=32)


def test_same_seed_same_order_and_pairs_another_seed_others(tiny):
    split = tiny.split("train")

    def batches(seed):
        trainer = Trainer(RECIPE, split.images, split.labels, seed=seed)
        return np.concatenate([rows.ravel() for rows, _ in trainer._batches()])

    np.testing.assert_array_equal(batches(1), batches(1))
    assert (batches(1) != batches(2)).any()


def test_an_epoch_shows_every_pair_once(tiny):
    split = tiny.split("train")
    trainer = Trainer(RECIPE, split.images, split.labels, seed=0)
    whole, rest = trainer._batches()
    assert whole[0].shape == (36, 2, 32)
    assert rest[0].shape == (1, 2, 1_180 - 36 * 32)
    lefts = np.concatenate([rows[:, 0].ravel() for rows, _ in (whole, rest)])
    np.testing.assert_array_equal(np.bincount(lefts), np.bincount(trainer._pairs.left))


def test_two_replicas_learn_what_one_device_does():
    program = Path(__file__).with_name("two_replicas.py")
    ran = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    result = json.loads(ran.stdout)
    assert result["replicas"] == [1, 2]
    for kind in ("pairs", "images"):
        assert result[kind]["losses"][0] == pytest.approx(result[kind]["losses"][1], rel=1e-5)
        assert result[kind]["weights_apart"] < 1e-5
