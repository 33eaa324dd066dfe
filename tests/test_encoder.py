import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from siamese_core.artifacts import PROJECT_ARTIFACTS
from siamese_core.encoder import BATCH, Encoder
from siamese_core.errors import BundleError


@pytest.fixture(scope="module")
def encoder():
    return Encoder((PROJECT_ARTIFACTS / "best" / "encoder.onnx").read_bytes())


def test_embeddings_do_not_depend_on_the_batch(encoder, fashion):
    images = fashion.split("test").images[: BATCH + 7]
    one_by_one = np.concatenate([encoder.embed(image[None]) for image in images])
    np.testing.assert_allclose(encoder.embed(images), one_by_one, atol=1e-6)


def test_no_images_give_no_embeddings(encoder):
    assert encoder.embed(np.zeros((0, 28, 28), np.uint8)).shape == (0, encoder.size)


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 27, 28), np.uint8)]
)
def test_images_of_another_kind_are_refused(encoder, images):
    with pytest.raises(ValueError, match=r"`images` must be uint8 \(n, 28, 28\)"):
        encoder.embed(images)


def test_many_threads_get_their_own_answers(encoder, fashion):
    images = fashion.split("test").images[:40]
    expected, wrong = encoder.embed(images), []

    def work(row):
        for _ in range(20):
            if not np.allclose(encoder.embed(images[row : row + 1])[0], expected[row], atol=1e-5):
                wrong.append(row)

    threads = [threading.Thread(target=work, args=(row,)) for row in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_onnx_models_are_refused():
    onnx = pytest.importorskip("onnx")
    port = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [port],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(BundleError, match="no encoder"):
        Encoder(model.SerializeToString())


def test_the_runtime_keeps_and_sends_nothing_about_its_use(tmp_path):
    code = (
        "from siamese_core import load_bundle\nfrom pathlib import Path\n"
        "load_bundle('classic').encoder\nprint(*(file.resolve() for file in Path('/proc/self/fd').iterdir()))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert "onnxruntime.db" not in ran.stdout
    assert list(tmp_path.rglob("*onnxruntime*")) == []
