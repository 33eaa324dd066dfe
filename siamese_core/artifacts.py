"""A model bundle on disk: one folder of plain files, saved whole or not at all, verified when loaded.

    encoder.onnx          serves: images -> embeddings
    weights.safetensors   numbers only; the architecture comes from this code and the recipe
    config.json           recipe, seed, versions, data hash, layers
    metrics.json          threshold and figures
    history.json          one entry an epoch
    gallery.npz           embeddings of the test images
    map.npz               their places on a plane, epoch by epoch; bundles of earlier versions have none
    familiarity.npz       tells pictures like the data from others; bundles of earlier versions have none
    manifest.json         schema version and the SHA-256 of each of the others

Nothing in a bundle is ever executed or unpickled.
"""

import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from siamese_core.calibration import Calibration
from siamese_core.config import Recipe
from siamese_core.encoder import Encoder
from siamese_core.errors import BundleError, RunError
from siamese_core.familiarity import Familiarity
from siamese_core.projection import EmbeddingMap

SCHEMA = 1
SHIPPED = ("best", "classic")
"""Bundles that come with the project and that a visitor can neither replace nor delete."""
DEFAULT_NAME = "best"
FILES = ("encoder.onnx", "weights.safetensors", "config.json", "metrics.json", "history.json", "gallery.npz")
OPTIONAL_FILES = ("map.npz", "familiarity.npz")
PROJECT_ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NOT_BUNDLES = ("sample",)
Parsed = TypeVar("Parsed")
_DAMAGED = "The model {name} has a damaged {file}; train or install it again."


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        name: Its folder's name.
        recipe: How the encoder was built and trained.
        config: Everything in config.json.
        metrics: Everything in metrics.json.
        history: One dict an epoch.
        fingerprint: SHA-256 of the manifest, which changes when any file does.
        size: Bytes on disk.
    """

    name: str
    recipe: Recipe
    config: dict[str, Any]
    metrics: dict[str, Any]
    history: list[dict[str, Any]]
    fingerprint: str
    size: int
    _onnx: bytes
    _gallery: bytes
    _map: bytes | None
    _familiarity: bytes | None

    @property
    def seed(self) -> int:
        """The seed it was trained with."""
        return int(self.config["seed"])

    @property
    def held_out(self) -> list[str]:
        """The names of the classes it never saw in training."""
        return list(self.config["held_out"])

    @property
    def threshold(self) -> float:
        """The distance, chosen on validation pairs, up to which two items are the same."""
        return float(self.metrics["threshold"])

    @cached_property
    def calibration(self) -> Calibration:
        """Distance -> P(same), fitted to validation pairs."""
        return Calibration.from_dict(self.metrics["calibration"])

    @property
    def shipped(self) -> bool:
        """Whether it comes with the project."""
        return self.name in SHIPPED

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, opened once."""
        return Encoder(self._onnx)

    @cached_property
    def gallery_embeddings(self) -> np.ndarray:
        """(n, d) float32 embeddings of the test images, row = the item's number.

        Raises:
            BundleError: They are not what the manifest's code version wrote.
        """
        embeddings = self._parse("gallery.npz", self._gallery, lambda arrays: arrays["embeddings"])
        if embeddings.dtype != np.float32 or embeddings.ndim != 2 or not np.isfinite(embeddings).all():
            raise BundleError("The model {name} has a gallery.npz of the wrong kind; train it again.", name=self.name)
        return embeddings

    @cached_property
    def embedding_map(self) -> EmbeddingMap | None:
        """Where the test images lie on a plane; None in a bundle that was saved without.

        Raises:
            BundleError: It is not what the manifest's code version wrote.
        """
        if self._map is None:
            return None
        drawn = self._parse("map.npz", self._map, EmbeddingMap.from_arrays)
        if len(drawn) != len(self.gallery_embeddings):
            raise BundleError(_DAMAGED, name=self.name, file="map.npz")
        return drawn

    @cached_property
    def familiarity(self) -> Familiarity | None:
        """What tells pictures like the data from others; None in a bundle that was saved without.

        Raises:
            BundleError: It is not what the manifest's code version wrote.
        """
        if self._familiarity is None:
            return None
        return self._parse("familiarity.npz", self._familiarity, Familiarity.from_arrays)

    def _parse(self, file: str, content: bytes, parse: Callable[[dict[str, np.ndarray]], Parsed]) -> Parsed:
        """What a file's arrays stand for; a `BundleError` that names the file where they stand for nothing."""
        try:
            return parse(_from_npz(content))
        except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
            raise BundleError(_DAMAGED, name=self.name, file=file) from error


def artifacts_root() -> Path:
    """The folder of bundles: `$SIAMESE_ARTIFACTS`, or `artifacts/` of the project."""
    chosen = os.environ.get("SIAMESE_ARTIFACTS")
    return Path(chosen) if chosen else PROJECT_ARTIFACTS


def check_name(name: str) -> str:
    """The name itself, when it may name a bundle.

    Raises:
        BundleError: It may not.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _NOT_BUNDLES:
        raise BundleError(
            "A model's name has 1 to 64 small letters, digits and hyphens, starts with a letter or digit "
            "and is not {reserved!r}; {name!r} is not such a name.",
            reserved=_NOT_BUNDLES[0],
            name=str(name)[:70],
        )
    return name


def list_names(root: Path | None = None) -> list[str]:
    """The names of all bundles, the shipped ones first."""
    root = root or artifacts_root()
    if not root.is_dir():
        return []
    names = (entry.name for entry in root.iterdir() if _NAME.fullmatch(entry.name) and entry.name not in _NOT_BUNDLES)
    return sorted(
        (name for name in names if (root / name / "manifest.json").is_file()),
        key=lambda name: (SHIPPED.index(name) if name in SHIPPED else len(SHIPPED), name),
    )


def exists(name: str, root: Path | None = None) -> bool:
    """Whether there is a bundle of this name, sound or not."""
    return ((root or artifacts_root()) / check_name(name)).exists()


def load_bundle(name: str, root: Path | None = None) -> Bundle:
    """The bundle of this name, every file checked against the manifest.

    Raises:
        BundleError: There is none, or it is damaged or of another schema; the text says which file.
    """
    folder = (root or artifacts_root()) / check_name(name)
    if not (folder / "manifest.json").is_file():
        known = ", ".join(list_names(root)[:10]) or "none"
        raise BundleError(
            "There is no model {name!r}; there are: {known}. Train one with `train --name {name}`.",
            name=name,
            known=known,
        )
    manifest = _read(folder, "manifest.json")
    hashes = parse_manifest(name, manifest)
    contents = {}
    for file, wanted in hashes.items():
        contents[file] = _read(folder, file)
        if hashlib.sha256(contents[file]).hexdigest() != wanted:
            raise BundleError(
                "The model {name} has a damaged {file}: wrong checksum; train or install it again.",
                name=name,
                file=file,
            )
    try:
        config, metrics, history = (json.loads(contents[f"{part}.json"]) for part in ("config", "metrics", "history"))
        bundle = Bundle(
            name=name,
            recipe=Recipe.from_dict(config["recipe"]),
            config=config,
            metrics=metrics,
            history=history,
            fingerprint=hashlib.sha256(manifest).hexdigest(),
            size=len(manifest) + sum(map(len, contents.values())),
            _onnx=contents["encoder.onnx"],
            _gallery=contents["gallery.npz"],
            _map=contents.get("map.npz"),
            _familiarity=contents.get("familiarity.npz"),
        )
        _check_figures(bundle)
    except (ValueError, KeyError, TypeError, RunError) as error:
        raise BundleError(
            "The model {name} was written by other code than this ({why}); train it again.", name=name, why=error
        ) from error
    return bundle


def save_bundle(
    name: str,
    *,
    onnx: bytes,
    weights: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    history: list[dict[str, Any]],
    gallery_embeddings: np.ndarray,
    embedding_map: EmbeddingMap | None = None,
    familiarity: Familiarity | None = None,
    root: Path | None = None,
) -> Bundle:
    """Write a bundle beside its place, make it durable, move it there, and load it as anyone would.

    A bundle of the same name is replaced; until the very move it stays whole.

    Raises:
        BundleError: The name is not allowed, or the disk refuses.
    """
    from safetensors.numpy import save

    contents = {
        "encoder.onnx": onnx,
        "weights.safetensors": save({key: np.ascontiguousarray(array) for key, array in weights.items()}),
        "config.json": _to_json(config),
        "metrics.json": _to_json(metrics),
        "history.json": _to_json(history),
        "gallery.npz": _to_npz({"embeddings": gallery_embeddings.astype(np.float32)}),
    }
    if embedding_map is not None:
        contents["map.npz"] = _to_npz(embedding_map.to_arrays())
    if familiarity is not None:
        contents["familiarity.npz"] = _to_npz(familiarity.to_arrays())
    return _install(name, contents, root or artifacts_root())


def save_map(name: str, embedding_map: EmbeddingMap, root: Path | None = None) -> Bundle:
    """Give a saved bundle a map, in place of any it has; all else stays as it is.

    Raises:
        BundleError: There is no such bundle, it is damaged, or the disk refuses.
    """
    return _add_file(name, "map.npz", _to_npz(embedding_map.to_arrays()), root or artifacts_root())


def save_familiarity(name: str, familiarity: Familiarity, root: Path | None = None) -> Bundle:
    """Give a saved bundle a familiarity, in place of any it has; all else stays as it is.

    Raises:
        BundleError: There is no such bundle, it is damaged, or the disk refuses.
    """
    return _add_file(name, "familiarity.npz", _to_npz(familiarity.to_arrays()), root or artifacts_root())


def _add_file(name: str, file: str, content: bytes, root: Path) -> Bundle:
    """Save a verified bundle again with one file more, or with that one replaced."""
    load_bundle(name, root)
    folder = root / name
    kept = {known: _read(folder, known) for known in parse_manifest(name, _read(folder, "manifest.json"))}
    return _install(name, kept | {file: content}, root)


def _install(name: str, files: Mapping[str, bytes], root: Path) -> Bundle:
    """Write files and their manifest beside their place, make them durable, move them there, and load the bundle."""
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    contents = {**files, "manifest.json": _to_json({"schema": SCHEMA, "files": hashes})}
    target = root / check_name(name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=root, ignore_cleanup_errors=True) as temporary:
            fresh = Path(temporary) / "new"
            fresh.mkdir()
            for file, content in contents.items():
                _write_durably(fresh / file, content)
            _sync_folder(fresh)
            if target.exists():
                os.rename(target, Path(temporary) / "old")
            os.rename(fresh, target)
            _sync_folder(root)
    except OSError as error:
        raise BundleError(
            "The model {name} could not be saved: {why}; make room.", name=name, why=error.strerror
        ) from error
    return load_bundle(name, root)


def load_weights(name: str, root: Path | None = None) -> dict[str, np.ndarray]:
    """The numbers of a verified bundle, by name, all finite.

    Raises:
        BundleError: The bundle is not sound, or holds a number that is not finite.
    """
    from safetensors.numpy import load

    load_bundle(name, root)
    weights = load(_read((root or artifacts_root()) / name, "weights.safetensors"))
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise BundleError("The model {name} holds a weight that is not a finite number; train it again.", name=name)
    return weights


def rename_bundle(name: str, new_name: str, root: Path | None = None) -> None:
    """Give a bundle that a person made another name, which must be free.

    Raises:
        BundleError: There is none, it is shipped with the project, or the name is not allowed or taken.
    """
    root = root or artifacts_root()
    if check_name(name) in SHIPPED:
        raise BundleError("The model {name} comes with the project and stays.", name=name)
    if check_name(new_name) in SHIPPED or exists(new_name, root):
        raise BundleError("There is a model {name!r} already; choose another name or delete it first.", name=new_name)
    try:
        os.rename(root / name, root / new_name)
    except OSError as error:
        raise BundleError("There is no model {name!r} to rename.", name=name) from error


def delete_bundle(name: str, root: Path | None = None) -> None:
    """Remove a bundle that a person made.

    Raises:
        BundleError: There is none, or it is shipped with the project.
    """
    root = root or artifacts_root()
    if check_name(name) in SHIPPED:
        raise BundleError("The model {name} comes with the project and stays.", name=name)
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=root, ignore_cleanup_errors=True) as temporary:
        try:
            os.rename(root / name, Path(temporary) / "old")
        except OSError as error:
            raise BundleError("There is no model {name!r} to delete.", name=name) from error


def parse_manifest(name: str, content: bytes) -> dict[str, str]:
    """The SHA-256 of each file that a manifest names.

    Raises:
        BundleError: It is damaged, of another schema, or does not name the files of a bundle.
    """
    try:
        manifest = json.loads(content)
        schema, hashes = manifest["schema"], manifest["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(_DAMAGED, name=name, file="manifest.json") from error
    if schema != SCHEMA:
        raise BundleError(
            "The model {name} has schema {schema!r}, not {ours} as this program; train it again.",
            name=name,
            schema=schema,
            ours=SCHEMA,
        )
    if not isinstance(hashes, dict) or set(hashes) - set(OPTIONAL_FILES) != set(FILES):
        raise BundleError(
            "The model {name} has a manifest that does not name its files; train or install it again.", name=name
        )
    return hashes


def _check_figures(bundle: Bundle) -> None:
    """Accept a bundle whose threshold and calibration can be used."""
    bundle.calibration  # noqa: B018 - reading it is the check
    if not 0.0 <= bundle.threshold < float("inf"):
        raise ValueError(f"threshold {bundle.threshold}")


def _read(folder: Path, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except OSError as error:
        raise BundleError(
            "The model {name} has no readable {file}; train or install it again.", name=folder.name, file=file
        ) from error


def _to_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


def _to_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _from_npz(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
