"""A bundle as one file to take away, and such a file from a stranger: data, never code.

Of a stranger's file nothing is used but numbers that were checked: recipe, seed, history and weights. The encoder that
serves, the embeddings and every figure are made anew from the weights by this project's own code, in a process of its
own (`building.rebuild_bundle`). To compare the file's graph with one that the known network exports would not do: with
the same operators in the same number, its constants could still say something else than the weights beside them.

A file is believed step by step, each of which bounds what the next one can cost: the archive, its members, their
hashes, what the settings say, what is made anew all the same, the shapes of the weights, their values.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siamese_core.architectures import SHAPES, embedding_size
from siamese_core.archives import read_members
from siamese_core.artifacts import load_bundle
from siamese_core.bundle import FILES, MANIFEST, SCHEMA, Bundle, with_files
from siamese_core.claims import WRONG, check_metrics, read_claims
from siamese_core.config import Recipe
from siamese_core.errors import BundleError
from siamese_core.onnx_outline import check_onnx
from siamese_core.plain_json import read_json

MAX_BYTES = 16_000_000
LIMITS = {
    "encoder.onnx": 8_000_000,
    "weights.safetensors": 8_000_000,
    "config.json": 64_000,
    "metrics.json": 64_000,
    "history.json": 500_000,
    "gallery.npz": 16_000_000,
    "map.npz": 4_000_000,
    "familiarity.npz": 1_000_000,
    MANIFEST: 4_000,
}
"""The most bytes that each file may unpack to: twice the largest one here or more."""
MADE_ANEW = ("gallery.npz", "map.npz", "familiarity.npz")
"""Left out: they are large, up to 9 MB, and nobody would believe them. Files of earlier versions have them."""
MAX_HEADER = 64_000
"""Bytes of the names and shapes before the weights."""
MAX_WEIGHT = 1e6
"""Training here has never left a weight above 60."""
_WHEN = (1980, 1, 1, 0, 0, 0)
NO_TRAINING_GIVES = "This file has a weight that no training gives."
_DAMAGED = "This file is damaged; download it again."
_UNSOUND = "The {file} in this file is not as this project writes it; download it again."


@dataclass(frozen=True)
class Pack:
    """What is believed of an uploaded bundle, once it has been checked.

    Attributes:
        recipe: How it was built and trained, by a known recipe's network, loss and optimizer.
        seed: What it was trained with.
        held_out: Classes it never saw.
        history: The figures of each epoch, as `training.EpochEvent` has them.
        kept_epoch: The epoch whose weights it has.
        stopped: Whether it was stopped early.
        weights: By name, float32 and finite, of the network's shapes.
    """

    recipe: Recipe
    seed: int
    held_out: tuple[str, ...]
    history: list[dict[str, Any]]
    kept_epoch: int
    stopped: bool
    weights: dict[str, np.ndarray]


def pack_bundle(name: str) -> bytes:
    """The bundle of this name as a ZIP file: the same bundle, the same bytes.

    Raises:
        BundleError: There is none, or it is damaged.
    """
    files = load_bundle(name).files
    kept = with_files({file: files[file] for file in FILES if file not in MADE_ANEW})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in kept.items():
            archive.writestr(zipfile.ZipInfo(file, _WHEN), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def read_pack(content: bytes) -> Pack:
    """What a stranger's file holds; nothing is written, unpickled or executed.

    Raises:
        BundleError: It is no bundle of this project, or not a sound one; the text says why.
    """
    files = _unzip(content)
    _check_hashes(files)
    try:
        config, history = read_json(files["config.json"]), read_json(files["history.json"])
        claims = read_claims(config, history)
    except WRONG as error:
        raise BundleError("This file has settings that no model of this project has.") from error
    _check_made_anew(files, claims["recipe"], config, history)
    weights = _read_weights(files["weights.safetensors"], claims["recipe"].network)
    return Pack(**claims, weights=weights)


def _unzip(content: bytes) -> dict[str, bytes]:
    if not 0 < len(content) <= MAX_BYTES:
        raise BundleError("A model's file has up to {high} MB.", high=MAX_BYTES // 1_000_000)
    try:
        return read_members(content, LIMITS, optional=MADE_ANEW)
    except ValueError as error:
        raise BundleError(_DAMAGED) from error


def _check_hashes(files: Mapping[str, bytes]) -> None:
    """Accept files that are those of the manifest beside them.

    Raises:
        BundleError: One is not, or the manifest is of another schema or none.
    """
    try:
        manifest = read_json(files[MANIFEST])
        schema, hashes = manifest["schema"], dict(manifest["files"])
    except WRONG as error:
        raise BundleError(_UNSOUND, file=MANIFEST) from error
    if schema != SCHEMA:
        raise BundleError("This file is of another version of this program; train its model again.")
    if hashes.keys() != files.keys() - {MANIFEST}:
        raise BundleError(_UNSOUND, file=MANIFEST)
    for file, wanted in hashes.items():
        if hashlib.sha256(files[file]).hexdigest() != wanted:
            raise BundleError("The {file} in this file is not what its manifest says; download it again.", file=file)


def _check_made_anew(files: Mapping[str, bytes], recipe: Recipe, config: Any, history: Any) -> None:
    """Accept files that nobody will use, since they are made anew, when they are sound all the same.

    Raises:
        BundleError: One is not.
    """
    theirs = Bundle("", recipe, config, {}, history, files)
    for file, check in {
        "metrics.json": lambda: check_metrics(read_json(files["metrics.json"])),
        "encoder.onnx": lambda: check_onnx(files["encoder.onnx"]),
        "gallery.npz": lambda: _check_gallery(theirs.gallery_embeddings, recipe),
        "map.npz": lambda: theirs.embedding_map,
        "familiarity.npz": lambda: theirs.familiarity,
    }.items():
        if file not in files:
            continue
        try:
            check()
        except (*WRONG, BundleError) as error:
            raise BundleError(_UNSOUND, file=file) from error


def _check_gallery(embeddings: np.ndarray, recipe: Recipe) -> None:
    if embeddings.shape[1] != embedding_size(recipe):
        raise ValueError("embeddings of another network")


def _read_weights(content: bytes, network: str) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, which cannot take more memory than the file itself.

    Raises:
        BundleError: They are not the network's, or it is no such file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    size = int.from_bytes(content[:8], "little")
    if size > min(MAX_HEADER, len(content) - 8):
        raise BundleError(_DAMAGED)
    try:
        header = read_json(content[8 : 8 + size])
        kinds = {name: (told["dtype"], tuple(told["shape"])) for name, told in header.items()}
        if kinds not in ({name: (kind, shape) for name, shape in SHAPES[network].items()} for kind in ("F16", "F32")):
            raise BundleError("The weights in this file do not fit the network {network}.", network=network)
        weights = {name: array.astype(np.float32, copy=False) for name, array in load(content).items()}
    except (*WRONG, SafetensorError) as error:
        raise BundleError(_DAMAGED) from error
    for name, array in weights.items():
        low = 0.0 if name.endswith("/moving_variance") else -MAX_WEIGHT
        if not np.isfinite(array).all():
            raise BundleError("This file has a weight that is not a finite number.")
        if array.min() < low or array.max() > MAX_WEIGHT:
            raise BundleError(NO_TRAINING_GIVES)
    return weights
