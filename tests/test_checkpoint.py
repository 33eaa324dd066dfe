"""A training that stops and goes on against one that never stopped."""

import dataclasses
import errno
import os

import numpy as np
import pytest

from siamese_core.checkpoint import Checkpoint
from siamese_core.config import RECIPES
from siamese_core.errors import RunError
from siamese_core.trainer import Trainer
from siamese_core.training import EpochEvent, train

RECIPE = {
    "classic": dataclasses.replace(RECIPES["classic"], epochs=3, batch_size=64),
    "fast": dataclasses.replace(RECIPES["fast"], epochs=3, batch_size=64, flip=True, shift=2, drawn=0.2),
}


def run(recipe, collection, **options):
    split = collection.split("train")
    images, labels = split.images, split.labels
    return train(recipe, images[100:], labels[100:], validation=(images[:100], labels[:100]), seed=0, **options)


@pytest.mark.parametrize("name", RECIPE)
def test_resumed_training_equals_an_uninterrupted_one(name, tiny, tmp_path):
    path = tmp_path / "checkpoint.npz"
    whole = run(RECIPE[name], tiny)
    told = []

    def after_two_epochs():
        return sum(isinstance(event, EpochEvent) for event in told) == 2

    run(RECIPE[name], tiny, on_event=told.append, should_stop=after_two_epochs, on_checkpoint=lambda c: c.save(path))
    told = []
    resumed = run(RECIPE[name], tiny, on_event=told.append, resumed=Checkpoint.load(path))

    assert [event.epoch for event in told if isinstance(event, EpochEvent)] == [1, 2, 3]
    assert len(resumed.history) == len(whole.history)
    for one, other in zip(resumed.history, whole.history, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
        assert one.accuracy == other.accuracy
    assert resumed.kept.epoch == whole.kept.epoch
    for one, other in zip(resumed.encoder.get_weights(), whole.encoder.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_checkpoint_of_another_network_is_refused(tiny, tmp_path):
    split = tiny.split("train")
    trainer = Trainer(RECIPE["classic"], split.images, split.labels, seed=0)
    trainer.checkpoint([], []).save(tmp_path / "checkpoint.npz")
    other = Trainer(RECIPE["fast"], split.images, split.labels, seed=0)
    with pytest.raises(RunError, match="nothing to go on from"):
        other.restore(Checkpoint.load(tmp_path / "checkpoint.npz"))


def test_absent_or_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.npz"
    state = np.random.default_rng(0).bit_generator.state
    Checkpoint([], dict(state), [np.zeros(3, np.float32)], [], []).save(path)
    assert Checkpoint.load(path).order == state
    content = path.read_bytes()
    entry = content.index(b"PK\x01\x02")
    encrypted, compressed_otherwise = bytearray(content), bytearray(content)
    encrypted[entry + 8] |= 1
    compressed_otherwise[entry + 10] = 99
    for damaged in (None, b"", content[: len(content) // 2], encrypted, compressed_otherwise):
        path.unlink(missing_ok=True)
        if damaged is not None:
            path.write_bytes(damaged)
        with pytest.raises(RunError, match="nothing to go on from"):
            Checkpoint.load(path)


def test_a_disk_that_refuses_is_named_and_the_older_checkpoint_stays_whole(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    Checkpoint([{"epoch": 1}], {}, [], [], []).save(path)

    def refuse(file, **_):
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", refuse)
    with pytest.raises(RunError, match="No space left on device; make room on the disk"):
        Checkpoint([{"epoch": 2}], {}, [], [], []).save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.npz"]
    assert Checkpoint.load(path).history == [{"epoch": 1}]
