"""A bundle as one file to take away, and such a file from a stranger: data, never code.

Of a stranger's file nothing is used but numbers that were checked: recipe, seed, history and weights. The encoder that
serves, the embeddings and every figure are made anew from the weights by this project's own code, in a process of its
own (`building.rebuild_bundle`). To compare the file's graph with one that the known network exports would not do: with
the same operators in the same number, its constants could still say something else than the weights beside them.
"""

import hashlib
import io
import json
import math
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siamese_core.artifacts import load_bundle
from siamese_core.bundle import FILES, MANIFEST, OPTIONAL_FILES, parse_manifest
from siamese_core.config import RECIPES, Recipe, check_bounds
from siamese_core.data import CLASS_NAMES
from siamese_core.errors import BundleError, RunError

MAX_BYTES = 16_000_000
MAX_UNPACKED = 64_000_000
MAX_WEIGHTS = 1_000
MAX_EPOCHS_TOLD = 1_000
MAX_STEPS_TOLD = 200
MAX_SHIFT = 14
_WHEN = (1980, 1, 1, 0, 0, 0)
_WORDS = {
    "network": {recipe.network for recipe in RECIPES.values()},
    "loss": {recipe.loss for recipe in RECIPES.values()},
    "batches": {"pairs", "images"},
    "optimizer": {"rmsprop", "adamw", "muon"},
    "schedule": {"constant", "one_cycle"},
}
_FIGURES = ("loss", "accuracy", "auc", "threshold", "seconds", "images_per_second")
_DAMAGED = "This file is damaged; download it again."


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
        weights: By name, float32 and finite; whether they fit the network is for the network to say.
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
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (*FILES, *OPTIONAL_FILES, MANIFEST):
            if file in files:
                archive.writestr(zipfile.ZipInfo(file, _WHEN), files[file], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def read_pack(content: bytes) -> Pack:
    """What a stranger's file holds; nothing is written, unpickled or executed.

    Raises:
        BundleError: It is no bundle of this project, or not a sound one; the text says why.
    """
    files = _unzip(content)
    for file, wanted in parse_manifest("", files[MANIFEST]).items():
        if file not in files or hashlib.sha256(files[file]).hexdigest() != wanted:
            raise BundleError("The {file} in this file is not what its manifest says; download it again.", file=file)
    try:
        settings = _read_settings(*(json.loads(files[name]) for name in ("config.json", "history.json")))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, RunError) as error:
        raise BundleError("This file has settings that no model of this project has.") from error
    return Pack(**settings, weights=_read_weights(files["weights.safetensors"]))


def _unzip(content: bytes) -> dict[str, bytes]:
    """The files of a ZIP by name: known names only, each once, plain, and no larger than they say together."""
    if not 0 < len(content) <= MAX_BYTES:
        raise BundleError("A model's file has up to {high} MB.", high=MAX_BYTES // 1_000_000)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            known = {*FILES, *OPTIONAL_FILES, MANIFEST}
            if len(names) != len(set(names)) or not {*FILES, MANIFEST} <= set(names) <= known:
                raise BundleError("This file does not hold the files of a model, each once and nothing else.")
            if any(stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 1 for entry in entries):
                raise BundleError("This file holds links or locked files; a model has neither.")
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise BundleError("This file would unpack to more than {high} MB.", high=MAX_UNPACKED // 1_000_000)
            return {entry.filename: _read_entry(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise BundleError(_DAMAGED) from error


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)


def _read_settings(config: Mapping[str, Any], history: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What a `Pack` holds besides weights.

    Raises:
        ValueError: Something is not as this project writes it; so do KeyError, TypeError and the others of wrong kinds.
        RunError: A number is out of bounds.
    """
    check_bounds("seed", config["seed"])
    held_out = tuple(name for name in CLASS_NAMES if name in config["held_out"])
    epochs = [_read_epoch(epoch, number) for number, epoch in enumerate(history, start=1)]
    kept_epoch = int(config["kept_epoch"])
    if not 1 <= kept_epoch <= len(epochs) <= MAX_EPOCHS_TOLD or len(held_out) != len(config["held_out"]):
        raise ValueError("kept_epoch or held_out")
    return {
        "recipe": _read_recipe(config["recipe"]),
        "seed": int(config["seed"]),
        "held_out": held_out,
        "history": epochs,
        "kept_epoch": kept_epoch,
        "stopped": bool(config["stopped"]),
    }


def _read_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe of a known name whose words are known ones and whose numbers lie within bounds.

    Raises:
        ValueError: It is not such a recipe.
    """
    recipe = Recipe.from_dict(values)
    is_known = recipe.name in RECIPES and all(getattr(recipe, name) in words for name, words in _WORDS.items())
    if not is_known or recipe.shift not in range(MAX_SHIFT + 1) or {recipe.flip, recipe.mirror} - {True, False}:
        raise ValueError("recipe")
    return recipe


def _read_epoch(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An epoch's figures, finite and of their kinds; what else is there is left out.

    Raises:
        ValueError: One is not.
    """
    epoch: dict[str, Any] = {"epoch": number, "epochs": int(values["epochs"])}
    epoch |= {figure: _finite(values[figure]) for figure in _FIGURES}
    if "learning_rate" in values:
        epoch["learning_rate"] = _finite(values["learning_rate"])
    if "histogram" in values:
        told = values["histogram"]
        counts = {kind: _counts(told[kind]) for kind in ("same", "different")}
        epoch["histogram"] = {"limit": max(_finite(told["limit"]), 1e-9), **counts}
    return epoch


def _finite(value: Any) -> float:
    number = float(value)
    if not isinstance(value, (int, float)) or not math.isfinite(number) or number < 0:
        raise ValueError("figure")
    return number


def _counts(values: Any) -> list[int]:
    if not isinstance(values, list) or not 0 < len(values) <= MAX_STEPS_TOLD:
        raise ValueError("histogram")
    return [int(_finite(value)) for value in values]


def _read_weights(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, which cannot take more memory than the file itself."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        weights = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BundleError(_DAMAGED) from error
    if len(weights) > MAX_WEIGHTS or any(array.dtype != np.float32 for array in weights.values()):
        raise BundleError("This file has weights of another kind than this project's networks.")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise BundleError("This file has a weight that is not a finite number.")
    return weights
