"""The folder for the Embedding Projector: opened by TensorBoard's own plugin, held against its limits."""

import json
import sys
import types

import numpy as np
import pytest
from PIL import Image

from siamese_core.collection import Split
from siamese_core.projector import MAX_SPRITE_PIXELS, draw_sheet, write_projector


class NoRuns:
    """What TensorBoard knows of a folder without event files."""

    def list_runs(self, *_, **__):
        return []


class Projector:
    """TensorBoard's plugin at work on a folder; asks it what the front end asks."""

    def __init__(self, folder):
        from tensorboard.plugins import base_plugin
        from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

        plugin = ProjectorPlugin(base_plugin.TBContext(logdir=str(folder), data_provider=NoRuns()))
        self.routes = plugin.get_plugin_apps()
        self.runs = self.ask("/runs").json

    def ask(self, route, **query):
        from werkzeug.test import Client

        answered = Client(self.routes[route]).get("/", query_string=query)
        assert answered.status_code == 200, answered.text
        return answered


@pytest.fixture
def without_tensorflow(monkeypatch):
    """TensorBoard's own small stand-in for it, which it takes where TensorFlow is not installed."""
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", types.ModuleType("notf"))


@pytest.fixture
def written(tiny, tmp_path):
    """97 items written, with embeddings of 7 numbers."""
    test = tiny.split("test")
    items = Split("test", test.images[3:], test.labels[3:], test.ids[3:])
    embeddings = np.random.default_rng(0).normal(size=(97, 7)).astype(np.float32)
    embeddings[0] = 0.0, 1.0, -1e-30, 1e30, np.pi, 1 / 3, np.float32(0.1)
    write_projector(tmp_path, 'Stripes, "mine"', embeddings, items, tiny.class_names)
    return tmp_path, embeddings, items


def test_tensorboards_plugin_opens_it_with_every_count_right(written, without_tensorflow):
    folder, embeddings, _ = written
    projector = Projector(folder)
    assert projector.runs == ["."]
    (info,) = projector.ask("/info", run=".").json["embeddings"]
    assert info["tensorName"] == 'Stripes, "mine"'
    assert info["tensorShape"] == [97, 7]
    asked = {"run": ".", "name": info["tensorName"]}
    tensors = np.frombuffer(projector.ask("/tensor", **asked).data, np.float32)
    np.testing.assert_array_equal(tensors.reshape(info["tensorShape"]), embeddings)
    lines = projector.ask("/metadata", **asked).text.splitlines()
    assert lines[:2] == ["item\tclass\tlabel", "3\tDress\t3"]
    assert len(lines) == 1 + 97
    sprite = projector.ask("/sprite_image", **asked)
    assert sprite.content_type == "image/png"
    assert sprite.data == (folder / "sprite.png").read_bytes()


def test_both_configurations_say_the_same(written, without_tensorflow):
    folder, _, _ = written
    assert json.loads((folder / "projector_config.json").read_text()) == Projector(folder).ask("/info", run=".").json


def test_the_front_end_finds_each_items_picture_at_its_place(written):
    folder, _, items = written
    (config,) = json.loads((folder / "projector_config.json").read_text())["embeddings"]
    width, height = config["sprite"]["singleImageDim"]
    sheet = np.asarray(Image.open(folder / "sprite.png"))
    assert sheet.shape == (10 * height, 10 * width)
    across = sheet.shape[1] // width
    for item, image in enumerate(items.images):
        row, column = divmod(item, across)
        place = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
        np.testing.assert_array_equal(place, image)


def test_sheet_of_all_test_images_is_within_the_limit_and_a_larger_one_is_refused():
    black = np.zeros((1, 28, 28), np.uint8)
    assert draw_sheet(np.broadcast_to(black, (10_000, 28, 28))).size == (2_800, 2_800)
    most = (MAX_SPRITE_PIXELS // 28) ** 2
    with pytest.raises(ValueError, match="sheet of 8192 pixels"):
        draw_sheet(np.broadcast_to(black, (most + 1, 28, 28)))


@pytest.mark.parametrize("shape", [(100, 1), (99, 7), (100,)])
def test_embeddings_that_the_projector_would_misread_are_refused(tiny, tmp_path, shape):
    with pytest.raises(ValueError, match=r"shape \(100, d\) with d >= 2"):
        write_projector(tmp_path, "x", np.zeros(shape, np.float32), tiny.split("test"), tiny.class_names)
    assert list(tmp_path.iterdir()) == []
