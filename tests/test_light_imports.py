"""Only training may bring TensorFlow into a process: what serves stays small."""

import os
import subprocess
import sys

import pytest

LIGHT = [
    "answers",
    "architectures",
    "archives",
    "artifacts",
    "attendance",
    "building",
    "calibration",
    "ceiling",
    "checkpoint",
    "claims",
    "collection",
    "comparison",
    "config",
    "confusion",
    "contrastive",
    "control",
    "data",
    "descent",
    "embedding_files",
    "encoder",
    "errors",
    "estimation",
    "evaluation",
    "exhaustive",
    "export_child",
    "exporting",
    "explanation",
    "familiarity",
    "gallery",
    "images",
    "index",
    "preprocessing",
    "jobs",
    "limits",
    "moving_map",
    "npz",
    "onnx_outline",
    "pace",
    "packing",
    "pairs",
    "plain_json",
    "plots",
    "runs",
    "projector",
    "projection",
    "redrawing",
    "reports",
    "strangers",
    "suspects",
    "training_library",
    "unseen",
    "warm_up",
    "__main__",
]


def in_fresh_interpreter(code):
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    return ran.stdout.split()


def test_light_modules_bring_neither_tensorflow_nor_streamlit():
    code = f"import sys, siamese_core\nfor name in {LIGHT!r}: __import__('siamese_core.' + name)\nprint(*sys.modules)"
    assert not {"tensorflow", "keras", "streamlit", "torch", "openTSNE", "sklearn", "faiss"} & set(
        in_fresh_interpreter(code)
    )


@pytest.mark.parametrize("command", [["distance", "test:1", "test:2"], ["search", "test:1"], ["models"]])
def test_commands_that_serve_never_import_tensorflow(command):
    code = (
        "import sys\nfrom siamese_core.__main__ import main\n"
        f"main({command!r}, standalone_mode=False)\nprint('tensorflow' in sys.modules)"
    )
    assert in_fresh_interpreter(code)[-1] == "False"


@pytest.mark.parametrize("name", ["projector", "npz", "parquet"])
def test_export_of_embeddings_never_imports_tensorflow(name, tmp_path):
    arguments = ["export", "classic", "--format", name, "--to", str(tmp_path / "made")]
    code = (
        "import sys\nfrom siamese_core.__main__ import main\n"
        f"main({arguments!r}, standalone_mode=False)\nprint('tensorflow' in sys.modules)"
    )
    assert in_fresh_interpreter(code)[-1] == "False"
