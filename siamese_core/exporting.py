"""A model to take along: its network, or its embeddings of the test images, in a format that other programs read.

What is written stands at its place whole or not at all. A network is kept only when the file, read back, embeds as the
model does.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from siamese_core.artifacts import load_bundle
from siamese_core.bundle import Bundle
from siamese_core.collection import Collection
from siamese_core.embedding_files import write_npz, write_parquet
from siamese_core.errors import ExportError
from siamese_core.projector import CONFIG_FILE, write_projector
from siamese_core.training_library import check_can_train

ENDINGS: Mapping[str, str] = {
    "onnx": ".onnx",
    "litert": ".tflite",
    "keras": ".keras",
    "saved_model": "-saved-model",
    "projector": "-projector",
    "npz": ".npz",
    "parquet": ".parquet",
}
"""The formats, and what follows the model's name in the name of each one's file or folder."""
FOLDERS: Mapping[str, str] = {"saved_model": "saved_model.pb", "projector": CONFIG_FILE}
"""The formats that are a folder, and a file by which one is known."""
PARITY_IMAGES = 1_000


@dataclass(frozen=True)
class Exported:
    """What an export made.

    Attributes:
        path: The file or folder.
        size: Its bytes.
        difference: For a network, the largest difference to the model in any number of 1,000 embeddings; else None.
    """

    path: Path
    size: int
    difference: float | None


def export(
    name: str,
    format_name: str,
    collection: Collection,
    *,
    to: Path | None = None,
    replace: bool = False,
    root: Path | None = None,
) -> Exported:
    """Write a model in a format.

    Args:
        name: The model's.
        format_name: A key of `ENDINGS`.
        collection: Its test images are what a network is compared on and whose embeddings are written.
        to: The file or folder to make; when None, the model's name and the format's ending, in the current folder.
        replace: Whether to replace what is there; a folder only if it is an export in the same format.
        root: The folder of bundles, see `artifacts.artifacts_root`.

    Raises:
        BundleError: There is no such model, it is damaged, or its weights are of another network than this program's.
        ExportError: The place is taken, the disk refuses, or the file embeds otherwise than the model.
        RunError: The format needs TensorFlow, which is not installed.
        ValueError: There is no such format.
    """
    if format_name not in ENDINGS:
        raise ValueError(f"`format_name` must be one of {list(ENDINGS)}, got {format_name!r}")
    target = to or Path(name + ENDINGS[format_name])
    bundle = load_bundle(name, root)
    _check_place(target, format_name, replace=replace)
    with _put_in_place(target, ENDINGS[format_name]) as fresh:
        if format_name in ("projector", "npz", "parquet"):
            difference = None
            _write_embeddings(bundle, format_name, collection, fresh)
        else:
            check_can_train()
            from siamese_core.conversion import convert  # brings TensorFlow in

            images = collection.split("test").images[:PARITY_IMAGES]
            difference = convert(bundle, bundle.weights, format_name, fresh, images)
        size = sum(file.stat().st_size for file in (fresh, *fresh.rglob("*")) if file.is_file())
    return Exported(target, size, difference)


def _write_embeddings(bundle: Bundle, format_name: str, collection: Collection, path: Path) -> None:
    test, names = collection.split("test"), collection.class_names
    embeddings = bundle.gallery_embeddings[test.ids]
    if format_name == "npz":
        write_npz(path, embeddings, test, names)
    elif format_name == "parquet":
        write_parquet(path, embeddings, test, names)
    else:
        path.mkdir()
        write_projector(path, f"{collection.name}, {bundle.name}", embeddings, test, names)


def _check_place(target: Path, format_name: str, *, replace: bool) -> None:
    """Accept a place where nothing is, or something that may be replaced."""
    if not target.exists():
        return
    if not replace:
        raise ExportError("{path} is there already; choose another place or add --replace.", path=str(target))
    if target.is_dir() and not (format_name in FOLDERS and (target / FOLDERS[format_name]).is_file()):
        raise ExportError("{path} is a folder of other things; choose another place.", path=str(target))


@contextmanager
def _put_in_place(target: Path, ending: str) -> Iterator[Path]:
    """A path to write to, beside the target; moved there when the block ends well, else nothing is left of it."""
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True
        ) as temporary:
            fresh = Path(temporary) / f"new{ending}"
            yield fresh
            if target.is_dir():
                os.rename(target, Path(temporary) / "old")  # no move replaces a filled folder
            os.replace(fresh, target)
    except OSError as error:
        raise ExportError("{path} could not be written: {why}.", path=str(target), why=error.strerror) from error
