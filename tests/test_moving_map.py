import numpy as np
import pytest

from siamese_core.moving_map import WATCHED_ITEMS, MapRecorder, read_watched, watched_epochs
from siamese_core.projection import CELLS

IMAGES = np.zeros((WATCHED_ITEMS + 50, 28, 28), np.uint8)


@pytest.fixture
def embed():
    """Embeds the n-th image always alike, and counts the images of each call."""
    cloud = (np.random.default_rng(0).normal(size=(len(IMAGES), 6)) * [9, 3, 1, 1, 1, 1]).astype(np.float32)
    sizes = []

    def embed(images):
        sizes.append(len(images))
        return cloud[: len(images)]

    embed.sizes = sizes
    return embed


def watched(folder, epoch):
    return np.frombuffer(read_watched(folder, epoch), "<u2").reshape(-1, 2).astype(float)


def test_all_items_are_embedded_in_the_epochs_that_a_map_tells_of_and_no_others(embed):
    recorder = MapRecorder(IMAGES, epochs=20)
    for epoch in range(21):
        recorder.look(epoch, embed)
    assert embed.sizes == [len(IMAGES)] * 11
    assert sorted(recorder.planes.planes) == list(range(0, 21, 2))


def test_the_first_items_are_watched_in_every_epoch(embed, tmp_path):
    recorder = MapRecorder(IMAGES, epochs=20, folder=tmp_path / "map")
    for epoch in range(21):
        recorder.look(epoch, embed)
    assert embed.sizes[:4] == [len(IMAGES), WATCHED_ITEMS, len(IMAGES), WATCHED_ITEMS]
    assert watched_epochs(tmp_path / "map") == list(range(21))
    assert len(read_watched(tmp_path / "map", 7)) == 4 * WATCHED_ITEMS <= 150_000


def test_what_has_not_learned_stays_where_it_is(embed, tmp_path):
    recorder = MapRecorder(IMAGES, epochs=20, folder=tmp_path)
    recorder.look(0, embed)
    recorder.look(1, lambda images: embed(images)[:, ::-1] * 7)  # the same cloud, larger and seen from elsewhere
    np.testing.assert_allclose(watched(tmp_path, 1), watched(tmp_path, 0), atol=1)


def test_every_epoch_fills_the_field_alike_and_nobody_leaves_it(tmp_path):
    cloud = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    cloud[0] *= 1_000
    MapRecorder(IMAGES[:100], epochs=1, folder=tmp_path).look(0, lambda _: cloud)
    places = watched(tmp_path, 0)
    assert places.min() >= 0
    assert places.max() == CELLS


def test_a_resumed_training_finds_the_planes_before_it_and_looks_at_none_twice(embed, tmp_path):
    before = MapRecorder(IMAGES, epochs=4, folder=tmp_path)
    for epoch in range(3):
        before.look(epoch, embed)
    embed.sizes.clear()
    after = MapRecorder(IMAGES, epochs=40, folder=tmp_path)
    after.look(2, embed)
    assert embed.sizes == []
    after.look(3, lambda images: embed(images)[:, ::-1])
    after.look(4, embed)
    assert embed.sizes == [WATCHED_ITEMS, len(IMAGES)]
    assert sorted(after.planes.planes) == [0, 1, 2, 4]
    np.testing.assert_allclose(watched(tmp_path, 3), watched(tmp_path, 2), atol=1)


def test_where_nothing_was_written_nothing_is_watched(tmp_path):
    assert watched_epochs(tmp_path / "map") == []
    (tmp_path / "epoch-1.new").touch()
    assert watched_epochs(tmp_path) == []
