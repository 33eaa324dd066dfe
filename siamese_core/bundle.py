"""A model as named files, verified before anything is believed of them.

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
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from siamese_core.calibration import Calibration
from siamese_core.config import Recipe
from siamese_core.encoder import Encoder
from siamese_core.errors import BundleError, DamagedBundleError, RunError
from siamese_core.familiarity import Familiarity
from siamese_core.npz import from_npz, to_npz
from siamese_core.projection import EmbeddingMap

SCHEMA = 1
SHIPPED = ("best", "classic")
"""Bundles that come with the project and that a visitor can neither replace nor delete."""
FILES = ("encoder.onnx", "weights.safetensors", "config.json", "metrics.json", "history.json", "gallery.npz")
OPTIONAL_FILES = ("map.npz", "familiarity.npz")
MANIFEST = "manifest.json"
ARRAYS = {
    "gallery.npz": ("embeddings",),
    "map.npz": ("epochs", "principal", "kept", "mean", "axes", "neighbourly"),
    "familiarity.npz": ("hidden", "hidden_bias", "output", "output_bias", "threshold"),
}
"""What the files of arrays hold."""
Parsed = TypeVar("Parsed")
_DAMAGED = "The model {name} has a damaged {file}; train or install it again."


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        name: What it is called.
        recipe: How the encoder was built and trained.
        config: Everything in config.json.
        metrics: Everything in metrics.json.
        history: One dict an epoch.
        files: The content of every file by its name, the manifest's too.
    """

    name: str
    recipe: Recipe
    config: dict[str, Any]
    metrics: dict[str, Any]
    history: list[dict[str, Any]]
    files: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the manifest, which changes when any file does."""
        return hashlib.sha256(self.files[MANIFEST]).hexdigest()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(map(len, self.files.values()))

    @property
    def seed(self) -> int:
        """The seed it was trained with."""
        return int(self.config["seed"])

    @property
    def held_out(self) -> list[str]:
        """The names of the classes it never saw in training."""
        return list(self.config["held_out"])

    @property
    def twins(self) -> dict[tuple[str, ...], dict[str, float]]:
        """By the classes that a twin was trained without, what it made of them."""
        return {tuple(names.split(", ")): told for names, told in self.metrics.get("twins", {}).items()}

    @property
    def unseen(self) -> dict[tuple[str, ...], dict[str, float]]:
        """By classes never trained on, what was made of them: by this model, or by its twins."""
        return {tuple(self.held_out): self.metrics["unseen"]} if self.held_out else self.twins

    def metrics_with(self, twin: "Bundle") -> dict[str, Any]:
        """The metrics of a model that has seen every class, and in them what its twin made of those it never saw.

        Raises:
            BundleError: They are no twins.
        """
        alike = self.recipe == twin.recipe and self.config["data"] == twin.config["data"]
        stopped = self.config["stopped"] or twin.config["stopped"]
        if self.held_out or not twin.held_out or not alike or stopped:
            raise BundleError(
                "{twin!r} is no twin of {name!r}: both must be trained to the end by the same recipe and data, "
                "{name!r} on every class and {twin!r} without some.",
                name=self.name,
                twin=twin.name,
            )
        told = {", ".join(names): figures for names, figures in {**self.twins, **twin.unseen}.items()}
        return {**self.metrics, "twins": told}

    @property
    def threshold(self) -> float:
        """The distance, chosen on validation pairs, up to which two items are the same."""
        return float(self.metrics["threshold"])

    @property
    def threshold_interval(self) -> tuple[float, float] | None:
        """Where 95 % of the thresholds lie that a sample of pairs of other validation images would give.

        Wider than `threshold` itself would move, which is chosen on all pairs. None where unmeasured.
        """
        low, high = self.metrics.get("threshold_interval", (None, None))
        return None if low is None else (float(low), float(high))

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
        return Encoder(self.files["encoder.onnx"])

    @cached_property
    def gallery_embeddings(self) -> np.ndarray:
        """(n, d) float32 embeddings of the test images, row = the item's number."""
        embeddings = self._parse("gallery.npz", lambda arrays: arrays["embeddings"])
        if embeddings.dtype != np.float32 or embeddings.ndim != 2 or not np.isfinite(embeddings).all():
            raise BundleError("The model {name} has a gallery.npz of the wrong kind; train it again.", name=self.name)
        return embeddings

    @cached_property
    def embedding_map(self) -> EmbeddingMap | None:
        """Where the test images lie on a plane; None in a bundle that was saved without."""
        if "map.npz" not in self.files:
            return None
        drawn = self._parse("map.npz", EmbeddingMap.from_arrays)
        embeddings = self.gallery_embeddings
        if len(drawn) != len(embeddings) or drawn.plane.mean.shape != embeddings.shape[1:]:
            raise DamagedBundleError(_DAMAGED, name=self.name, file="map.npz")
        return drawn

    @cached_property
    def familiarity(self) -> Familiarity | None:
        """What tells pictures like the data from others; None in a bundle that was saved without."""
        return self._parse("familiarity.npz", Familiarity.from_arrays) if "familiarity.npz" in self.files else None

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The encoder's numbers by name, all finite."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            stored = load(self.files["weights.safetensors"])
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise DamagedBundleError(_DAMAGED, name=self.name, file="weights.safetensors") from error
        weights = {name: array.astype(np.float32, copy=False) for name, array in stored.items()}
        if not all(np.isfinite(array).all() for array in weights.values()):
            raise BundleError(
                "The model {name} holds a weight that is not a finite number; train it again.", name=self.name
            )
        return weights

    def _parse(self, file: str, parse: Callable[[dict[str, np.ndarray]], Parsed]) -> Parsed:
        """What a file's arrays stand for; an error that names the file where they stand for nothing."""
        try:
            return parse(from_npz(self.files[file], ARRAYS[file]))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DamagedBundleError(_DAMAGED, name=self.name, file=file) from error


def open_bundle(name: str, files: Mapping[str, bytes]) -> Bundle:
    """The bundle that these files are, each checked against the manifest, and all that can be read in them.

    The encoder is opened when it is needed: its hash says that it is the one that was exported.

    Raises:
        DamagedBundleError: A file is not what the manifest says; the text names it.
        BundleError: It is of another schema or was written by other code.
    """
    for file, wanted in parse_manifest(name, files[MANIFEST]).items():
        if hashlib.sha256(files[file]).hexdigest() != wanted:
            raise DamagedBundleError(
                "The model {name} has a damaged {file}: wrong checksum; train or install it again.",
                name=name,
                file=file,
            )
    try:
        config, metrics, history = (json.loads(files[f"{part}.json"]) for part in ("config", "metrics", "history"))
        bundle = Bundle(name, Recipe.from_dict(config["recipe"]), config, metrics, history, files)
        _check_figures(bundle)
    except (ValueError, KeyError, TypeError, RunError) as error:
        raise BundleError(
            "The model {name} was written by other code than this ({why}); train it again.", name=name, why=error
        ) from error
    _check_arrays(bundle)
    return bundle


def make_files(
    *,
    onnx: bytes,
    weights: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    history: list[dict[str, Any]],
    gallery_embeddings: np.ndarray,
    embedding_map: EmbeddingMap | None = None,
    familiarity: Familiarity | None = None,
) -> dict[str, bytes]:
    """The files of a bundle, its manifest included."""
    from safetensors.numpy import save

    files = {
        "encoder.onnx": onnx,
        "weights.safetensors": save(_compact(weights)),
        "config.json": _to_json(config),
        "metrics.json": _to_json(metrics),
        "history.json": _to_json(history),
        "gallery.npz": to_npz({"embeddings": gallery_embeddings.astype(np.float32)}),
    }
    return with_files(files, embedding_map=embedding_map, familiarity=familiarity)


def with_files(
    files: Mapping[str, bytes],
    *,
    metrics: Mapping[str, Any] | None = None,
    embedding_map: EmbeddingMap | None = None,
    familiarity: Familiarity | None = None,
) -> dict[str, bytes]:
    """A bundle's files with these parts, in place of any it has, and a manifest that names all."""
    contents = dict(files)
    if metrics is not None:
        contents["metrics.json"] = _to_json(metrics)
    for file, part in (("map.npz", embedding_map), ("familiarity.npz", familiarity)):
        if part is not None:
            contents[file] = to_npz(part.to_arrays())
    contents.pop(MANIFEST, None)
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    return {**contents, MANIFEST: _to_json({"schema": SCHEMA, "files": hashes})}


def parse_manifest(name: str, content: bytes) -> dict[str, str]:
    """The SHA-256 of each file that a manifest names.

    Raises:
        DamagedBundleError: It is none, or does not name the files of a bundle.
        BundleError: It is of another schema.
    """
    try:
        manifest = json.loads(content)
        schema, hashes = manifest["schema"], manifest["files"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedBundleError(_DAMAGED, name=name, file=MANIFEST) from error
    if schema != SCHEMA:
        raise BundleError(
            "The model {name} has schema {schema!r}, not {ours} as this program; train it again.",
            name=name,
            schema=schema,
            ours=SCHEMA,
        )
    if not isinstance(hashes, dict) or set(hashes) - set(OPTIONAL_FILES) != set(FILES):
        raise DamagedBundleError(
            "The model {name} has a manifest that does not name its files; train or install it again.", name=name
        )
    return hashes


def _check_figures(bundle: Bundle) -> None:
    """Accept a bundle whose threshold and calibration can be used."""
    bundle.calibration  # noqa: B018 - reading it is the check
    if not 0.0 <= bundle.threshold < float("inf"):
        raise ValueError(f"threshold {bundle.threshold}")
    if bundle.threshold_interval and not all(map(math.isfinite, bundle.threshold_interval)):
        raise ValueError(f"threshold interval {bundle.threshold_interval}")


def _check_arrays(bundle: Bundle) -> None:
    """Accept a bundle whose arrays have their kinds, fit together and are finite: reading them is the check."""
    for part in ("gallery_embeddings", "embedding_map", "familiarity", "weights"):
        getattr(bundle, part)


def _compact(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The float32 weights, as float16 where that says the same of all of them."""
    with np.errstate(over="ignore"):
        halves = {name: array.astype(np.float16) for name, array in weights.items()}
    is_exact = all(np.array_equal(halves[name].astype(np.float32), array) for name, array in weights.items())
    return {name: np.ascontiguousarray(array) for name, array in (halves if is_exact else weights).items()}


def _to_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()
