"""Where exports go and how they get there; what networks become is `test_conversion.py`'s business."""

import os

import numpy as np
import pytest

from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle
from siamese_core.errors import BundleError, ExportError
from siamese_core.exporting import ENDINGS, FOLDERS, export
from siamese_core.projector import write_projector


@pytest.fixture
def take(fashion):
    """Exports the shipped `classic`."""

    def taken(format_name, **options):
        return export("classic", format_name, fashion, **options, root=PROJECT_ARTIFACTS)

    return taken


def test_place_is_the_models_name_with_an_ending_unless_one_is_given(take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = take("npz")
    assert (str(made.path), made.difference) == ("classic.npz", None)
    assert made.size == (tmp_path / "classic.npz").stat().st_size
    assert take("npz", to=tmp_path / "any.name").path == tmp_path / "any.name"
    assert sorted(os.listdir(tmp_path)) == ["any.name", "classic.npz"]


def test_embeddings_are_those_of_the_bundle(take, fashion, tmp_path):
    take("npz", to=tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as arrays:
        np.testing.assert_array_equal(
            arrays["embeddings"], load_bundle("classic", PROJECT_ARTIFACTS).gallery_embeddings
        )
        np.testing.assert_array_equal(arrays["labels"], fashion.split("test").labels)


def test_projector_folder_counts_its_bytes(take, tmp_path):
    made = take("projector", to=tmp_path / "folder")
    assert made.size == sum(file.stat().st_size for file in (tmp_path / "folder").iterdir())
    assert len((tmp_path / "folder" / "tensors.tsv").read_text().splitlines()) == 10_000


def test_nothing_is_replaced_unasked(take, tmp_path):
    (tmp_path / "x.npz").write_text("mine")
    with pytest.raises(ExportError, match=r"x\.npz is there already; .* --replace"):
        take("npz", to=tmp_path / "x.npz")
    assert (tmp_path / "x.npz").read_text() == "mine"
    take("npz", to=tmp_path / "x.npz", replace=True)
    assert (tmp_path / "x.npz").read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("format_name", ["npz", "projector"])
def test_folder_of_other_things_is_never_replaced(take, tmp_path, format_name):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").touch()
    with pytest.raises(ExportError, match="folder of other things"):
        take(format_name, to=tmp_path / "home", replace=True)
    assert os.listdir(tmp_path / "home") == ["letter"]


def test_folder_of_the_same_format_can_be_replaced(take, tmp_path):
    old = tmp_path / "folder"
    old.mkdir()
    for name in (FOLDERS["projector"], "left over"):
        (old / name).touch()
    take("projector", to=old, replace=True)
    assert (old / "tensors.tsv").is_file()
    assert not (old / "left over").exists()
    assert os.listdir(tmp_path) == ["folder"]


def test_full_disk_leaves_what_was_there_and_nothing_else(take, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / FOLDERS["projector"]).write_text("old")

    def full(*given):
        write_projector(*given)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("siamese_core.exporting.write_projector", full)
    with pytest.raises(ExportError, match="could not be written: No space left on device"):
        take("projector", to=tmp_path / "folder", replace=True)
    assert os.listdir(tmp_path) == ["folder"]
    assert os.listdir(tmp_path / "folder") == [FOLDERS["projector"]]


def test_mistakes_are_told_before_anything_is_written(take, fashion, tmp_path):
    with pytest.raises(ValueError, match=r"one of \['onnx'.*got 'pickle'"):
        take("pickle", to=tmp_path / "x")
    with pytest.raises(BundleError, match="no model 'absent'"):
        export("absent", "npz", fashion, to=tmp_path / "x", root=PROJECT_ARTIFACTS)
    with pytest.raises(ExportError, match="could not be written: No such file"):
        take("npz", to=tmp_path / "absent" / "x")
    assert os.listdir(tmp_path) == []


def test_every_format_has_an_ending_of_its_own():
    assert len(set(ENDINGS.values())) == len(ENDINGS)
    assert FOLDERS.keys() <= ENDINGS.keys()
