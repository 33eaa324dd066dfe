"""An export in a process of its own, and what its parent makes of how it ends."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from siamese_core import export_child
from siamese_core.artifacts import PROJECT_ARTIFACTS
from siamese_core.errors import ExportError
from siamese_core.export_child import export_in_child


@pytest.fixture
def child(monkeypatch):
    """Lets a test say, as Python, what the child does instead."""
    real = subprocess.run

    def does(program):
        monkeypatch.setattr(
            export_child.subprocess, "run", lambda _, **options: real([sys.executable, "-c", program], **options)
        )

    return does


def test_file_comes_back_as_bytes():
    made = export_in_child("classic", "npz")
    assert (made.file_name, made.difference) == ("classic.npz", None)
    with np.load(io.BytesIO(made.content)) as arrays:
        assert arrays["embeddings"].shape == (10_000, 128)


def test_folder_comes_back_as_an_archive_of_that_folder():
    made = export_in_child("classic", "projector")
    assert made.file_name == "classic-projector.zip"
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
        assert {"classic-projector/tensors.tsv", "classic-projector/projector_config.pbtxt"} < files
        assert archive.testzip() is None


def test_models_are_looked_for_where_the_parent_has_them(tmp_path, monkeypatch):
    (tmp_path / "mine").symlink_to(PROJECT_ARTIFACTS / "classic")
    monkeypatch.setenv("SIAMESE_ARTIFACTS", str(tmp_path))
    assert export_in_child("mine", "npz").file_name == "mine.npz"
    with pytest.raises(ExportError, match="no model 'classic'") as refused:
        export_in_child("classic", "npz")
    assert refused.value.sentence.startswith("There is no model {name!r}")


def test_childs_sentence_is_told_with_its_values(child):
    child(
        f"print({json.dumps({'sentence': '{what} is off by {by:.1f}.', 'values': {'what': 'It', 'by': 2}})!r}); exit(2)"
    )
    with pytest.raises(ExportError, match=r"^It is off by 2\.0\.$"):
        export_in_child("classic", "npz")


def test_killed_child_is_reported_and_the_next_export_may_start(child):
    child("import os; os.kill(os.getpid(), 9)")
    for _ in range(2):
        with pytest.raises(ExportError, match="without a word"):
            export_in_child("classic", "npz")


def test_child_that_takes_too_long_is_ended(child, monkeypatch):
    child("import time; time.sleep(60)")
    monkeypatch.setattr(export_child, "SECONDS_ALLOWED", 0.2)
    with pytest.raises(ExportError, match=r"more than 0\.2 seconds"):
        export_in_child("classic", "npz")


def test_second_export_is_asked_to_wait():
    with export_child._SLOT, pytest.raises(ExportError, match="try again in a minute"):
        export_in_child("classic", "npz")
