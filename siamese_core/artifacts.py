"""The models on disk, a folder each: saved whole or not at all, verified when loaded, set aside when damaged."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from siamese_core import durable
from siamese_core.bundle import MANIFEST, SHIPPED, Bundle, open_bundle, parse_manifest, with_files
from siamese_core.errors import BundleError, DamagedBundleError
from siamese_core.familiarity import Familiarity
from siamese_core.projection import EmbeddingMap

DEFAULT_NAME = "best"
PROJECT_ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"
DAMAGED = ".damaged"
"""Where damaged bundles are set aside, in the folder of bundles."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NOT_BUNDLES = ("sample",)
_UNREADABLE = "The model {name} has no readable {file}; train or install it again."


def artifacts_root() -> Path:
    """The folder of bundles: `$SIAMESE_ARTIFACTS`, or `artifacts/` of the project."""
    chosen = os.environ.get("SIAMESE_ARTIFACTS")
    return Path(chosen) if chosen else PROJECT_ARTIFACTS


def check_name(name: str) -> str:
    """The name itself, when it may name a bundle.

    Raises:
        BundleError: It may not.
    """
    if not isinstance(name, str) or not _may_name(name):
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
    with os.scandir(root) as entries:
        folders = [entry for entry in entries if _may_name(entry.name) and entry.is_dir()]
    return sorted(
        (folder.name for folder in folders if os.path.isfile(f"{folder.path}/{MANIFEST}")),  # noqa: PTH113 - quick
        key=lambda name: (SHIPPED.index(name) if name in SHIPPED else len(SHIPPED), name),
    )


def exists(name: str, root: Path | None = None) -> bool:
    """Whether there is a bundle of this name, sound or not."""
    return os.path.lexists((root or artifacts_root()) / check_name(name))


def fingerprint(name: str, root: Path | None = None) -> str:
    """The fingerprint that a bundle would have if it were sound, from its manifest alone; empty where there is none."""
    try:
        with durable.reading((root or artifacts_root()) / check_name(name)) as read:
            return hashlib.sha256(read(MANIFEST)).hexdigest()
    except OSError:
        return ""


def load_bundle(name: str, root: Path | None = None) -> Bundle:
    """The bundle of this name, every file checked against the manifest.

    Raises:
        DamagedBundleError: A file is missing or damaged; the text says which.
        BundleError: There is no such bundle, it cannot be read, or it is of another schema or other code.
    """
    root = root or artifacts_root()
    check_name(name)
    try:
        return _load(name, root)
    except BundleError:
        if not root.is_dir():
            raise
    try:
        with durable.unchanging(root):  # what went wrong may have been replaced or deleted while it was read
            return _load(name, root)
    except OSError as error:
        raise BundleError(_UNREADABLE, name=name, file=MANIFEST) from error


def load_weights(name: str, root: Path | None = None) -> dict[str, np.ndarray]:
    """The numbers of a verified bundle, by name, all finite. For what it raises see `load_bundle`."""
    return load_bundle(name, root).weights


def save_bundle(name: str, files: Mapping[str, bytes], root: Path | None = None) -> Bundle:
    """Verify a bundle's files as a load would, write them beside their place, make them durable, and put them there.

    A bundle of the same name is replaced; until the very end it stays whole, and so it does when anything goes wrong.

    Args:
        name: The bundle's name.
        files: What `bundle.make_files` gives.
        root: The folder of bundles, see `artifacts_root`.

    Raises:
        BundleError: The name is not allowed, the bundle is not sound, or the disk refuses.
    """
    bundle = open_bundle(check_name(name), files)
    root = root or artifacts_root()
    with _changing(name, root) as workplace:
        _install(bundle, root, workplace)
    return bundle


def save_map(name: str, embedding_map: EmbeddingMap, root: Path | None = None) -> Bundle:
    """Give a saved bundle a map, in place of any it has; all else stays as it is.

    Raises:
        BundleError: There is no such bundle, it is damaged, the map is of others, or the disk refuses.
    """
    return _complete(name, root or artifacts_root(), lambda _: {"embedding_map": embedding_map})


def save_familiarity(name: str, familiarity: Familiarity, root: Path | None = None) -> Bundle:
    """Give a saved bundle a familiarity, in place of any it has; all else stays as it is.

    Raises:
        BundleError: There is no such bundle, it is damaged, or the disk refuses.
    """
    return _complete(name, root or artifacts_root(), lambda _: {"familiarity": familiarity})


def save_twin(name: str, twin: str, root: Path | None = None) -> Bundle:
    """Have a saved bundle tell what its twin makes of classes that the twin was trained without.

    Args:
        name: Trained on all classes, to the end.
        twin: Trained by the same recipe without some of them, to the end too.
        root: See `artifacts_root`.

    Raises:
        BundleError: They are no twins, there is no such bundle, one is damaged, or the disk refuses.
    """
    other = load_bundle(twin, root)
    return _complete(name, root or artifacts_root(), lambda bundle: {"metrics": bundle.metrics_with(other)})


def rename_bundle(name: str, new_name: str, root: Path | None = None) -> None:
    """Give a bundle that a person made another name, which must be free.

    Raises:
        BundleError: There is none, it is shipped with the project, the name is not allowed or taken, or the disk
            refuses.
    """
    root = root or artifacts_root()
    _check_own(name)
    check_name(new_name)
    with _changing(name, root):
        if new_name in SHIPPED or exists(new_name, root):
            raise BundleError(
                "There is a model {name!r} already; choose another name or delete it first.", name=new_name
            )
        if not exists(name, root):
            raise BundleError("There is no model {name!r} to rename.", name=name)
        durable.put(root / name, root / new_name)


def delete_bundle(name: str, root: Path | None = None) -> None:
    """Remove a bundle that a person made.

    Raises:
        BundleError: There is none, it is shipped with the project, or the disk refuses.
    """
    root = root or artifacts_root()
    _check_own(name)
    with _changing(name, root) as workplace:
        if not exists(name, root):
            raise BundleError("There is no model {name!r} to delete.", name=name)
        durable.put(root / name, workplace / name)


def set_aside(name: str, root: Path | None = None) -> Path | None:
    """Move a damaged bundle to `.damaged/`, so that its name is free; a sound one stays, and None is given.

    Raises:
        BundleError: There is none, it cannot be read, it is of another schema or other code, or the disk refuses.
    """
    root = root or artifacts_root()
    with _changing(check_name(name), root):
        try:
            _load(name, root)
        except DamagedBundleError:
            (root / DAMAGED).mkdir(exist_ok=True)
            places = (root / DAMAGED / f"{name}-{number}" for number in count(1))
            place = next(place for place in places if not place.exists())
            durable.put(root / name, place)
            return place
    return None


def tidy(root: Path | None = None) -> None:
    """Remove what processes have left that died while they saved; whoever opens a folder of bundles does this first.

    Raises:
        OSError: The disk refuses.
    """
    durable.tidy(root or artifacts_root())


def _may_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name not in _NOT_BUNDLES


def _check_own(name: str) -> None:
    """Accept a bundle that a person made.

    Raises:
        BundleError: It is shipped with the project, or the name is not allowed.
    """
    if check_name(name) in SHIPPED:
        raise BundleError("The model {name} comes with the project and stays.", name=name)


@contextmanager
def _changing(name: str, root: Path) -> Iterator[Path]:
    """`durable.changing`, its errors in words for a person."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with durable.changing(root) as workplace:
            yield workplace
    except OSError as error:
        raise BundleError(
            "The model {name} could not be saved or changed: {why}; what was there is untouched.",
            name=name,
            why=error.strerror,
        ) from error


def _install(bundle: Bundle, root: Path, workplace: Path) -> None:
    durable.write_folder(workplace / bundle.name, bundle.files)
    durable.put(workplace / bundle.name, root / bundle.name)


def _complete(name: str, root: Path, make_parts: Callable[[Bundle], Mapping[str, Any]]) -> Bundle:
    """Save a bundle again with parts made from it added or replaced; nobody else saves it meanwhile."""
    check_name(name)
    with _changing(name, root) as workplace:
        bundle = _load(name, root)
        completed = open_bundle(name, with_files(bundle.files, **make_parts(bundle)))
        _install(completed, root, workplace)
    return completed


def _load(name: str, root: Path) -> Bundle:
    """The bundle as it is found at this moment. For what it raises see `load_bundle`."""
    try:
        with durable.reading(root / name) as read:
            files = {MANIFEST: read(MANIFEST)}
            for file in parse_manifest(name, files[MANIFEST]):
                files[file] = _read(read, name, file)
    except FileNotFoundError as error:
        known = ", ".join(list_names(root)[:10]) or "none"
        raise BundleError(
            "There is no model {name!r}; there are: {known}. Train one with `train --name {name}`.",
            name=name,
            known=known,
        ) from error
    except OSError as error:
        raise BundleError(_UNREADABLE, name=name, file=MANIFEST) from error
    return open_bundle(name, files)


def _read(read: Callable[[str], bytes], name: str, file: str) -> bytes:
    try:
        return read(file)
    except FileNotFoundError as error:
        raise DamagedBundleError(_UNREADABLE, name=name, file=file) from error
    except OSError as error:
        raise BundleError(_UNREADABLE, name=name, file=file) from error
