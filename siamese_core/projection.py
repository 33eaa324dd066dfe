"""Embeddings as places on a plane: one map an epoch by principal components, and one that keeps neighbours together."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from siamese_core.npz import DAMAGE

CELLS = 65_535
"""A map's places are whole numbers from 0 to this in both directions, two bytes each."""
MOST_EPOCHS = 12
"""Epochs that a map tells of: enough to see how it came to be, in half a megabyte."""
PERPLEXITY = 30
"""How many neighbours t-SNE holds on to, roughly."""
EARLY_STEPS, EARLY_EXAGGERATION = 125, 12
LATE_STEPS = 375
"""Steps after which the map of 10,000 items hardly moves."""


@dataclass(frozen=True)
class Plane:
    """The plane on which embeddings spread most.

    Attributes:
        mean: (d,) float32, the embedding at its origin.
        axes: (d, 2) float32, orthonormal.
    """

    mean: np.ndarray
    axes: np.ndarray

    def project(self, embeddings: np.ndarray) -> np.ndarray:
        """Places (n, 2) float32 of (n, d) embeddings."""
        return ((embeddings - self.mean) @ self.axes).astype(np.float32)

    def turned(self, rotation: np.ndarray) -> "Plane":
        """The same plane with its axes turned by an orthogonal (2, 2) matrix."""
        return Plane(self.mean, (self.axes @ rotation).astype(np.float32))


@dataclass
class EpochPlanes:
    """The principal planes of epochs, each turned to that of the nearest one before it: what moves has learned.

    Attributes:
        planes: By epoch, 0 for the untrained network.
        places: By epoch, (n, 2) float32.
    """

    planes: dict[int, Plane] = field(default_factory=dict)
    places: dict[int, np.ndarray] = field(default_factory=dict)

    def add(self, epoch: int, embeddings: np.ndarray) -> None:
        """Take the (n, d) embeddings of the same n items as ever, after `epoch` epochs of training."""
        plane = principal_plane(embeddings)
        if self.places:
            nearest = min(self.places, key=lambda known: (abs(known - epoch), known))
            plane = plane.turned(best_rotation(plane.project(embeddings), self.places[nearest]))
        self.planes[epoch] = plane
        self.places[epoch] = plane.project(embeddings)

    def save(self, path: Path) -> None:
        """Write them, in place of older ones; until the very end the older ones stay whole."""
        epochs = sorted(self.planes)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(
                file,
                epochs=np.array(epochs, np.int32),
                means=np.stack([self.planes[epoch].mean for epoch in epochs]),
                axes=np.stack([self.planes[epoch].axes for epoch in epochs]),
                places=np.stack([self.places[epoch] for epoch in epochs]),
            )
        os.replace(fresh, path)

    @classmethod
    def load(cls, path: Path) -> "EpochPlanes":
        """What `save` wrote; none where there is no such file, or a damaged one."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                epochs = arrays["epochs"].tolist()
                planes = [Plane(mean, axes) for mean, axes in zip(arrays["means"], arrays["axes"], strict=True)]
                places = arrays["places"]
            return cls(dict(zip(epochs, planes, strict=True)), dict(zip(epochs, places, strict=True)))
        except DAMAGE:
            return cls()


@dataclass(frozen=True)
class EmbeddingMap:
    """Maps of the same n items, in whole numbers that a browser can draw.

    Attributes:
        epochs: (e,) int32, the epochs there are principal maps of, increasing; 0 is the untrained network.
        principal: (e, n, 2) uint16, each epoch's map, all stretched to one mean squared radius: what is compared is
            the shape, not how far the training has pushed.
        kept: The epoch whose weights the model has; it is among `epochs`.
        plane: That epoch's plane, in units of `principal`'s cells: new embeddings can be placed exactly.
        neighbourly: (n, 2) uint16, the t-SNE map of the kept epoch, of the same radius where it fits; None where
            nobody made one.
    """

    epochs: np.ndarray
    principal: np.ndarray
    kept: int
    plane: Plane
    neighbourly: np.ndarray | None

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together.

        Raises:
            ValueError: They do not.
        """
        shape = (len(self.epochs), *self.principal.shape[1:])
        is_sound = (
            self.principal.shape == shape
            and shape[2:] == (2,)
            and self.principal.dtype == np.uint16
            and self.kept in self.epochs
            and self.plane.axes.shape == (len(self.plane.mean), 2)
            and bool(np.isfinite(self.plane.axes).all() and np.isfinite(self.plane.mean).all())
            and (self.neighbourly is None or self.neighbourly.shape == shape[1:])
            and (self.neighbourly is None or self.neighbourly.dtype == np.uint16)
        )
        if not is_sound:
            raise ValueError("the arrays are not those of a map")

    def __len__(self) -> int:
        return self.principal.shape[1]

    def place(self, embeddings: np.ndarray) -> np.ndarray:
        """Places (q, 2) float32 of new (q, d) embeddings on the kept epoch's principal map; some may lie outside it."""
        return self.plane.project(embeddings) + CELLS / 2

    def take(self, rows: np.ndarray) -> "EmbeddingMap":
        """The map of these items alone, each where it was."""
        neighbourly = None if self.neighbourly is None else self.neighbourly[rows]
        return EmbeddingMap(self.epochs, self.principal[:, rows], self.kept, self.plane, neighbourly)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything, by name."""
        arrays: dict[str, np.ndarray] = {
            "epochs": self.epochs,
            "principal": self.principal,
            "kept": np.array(self.kept, np.int32),
            "mean": self.plane.mean,
            "axes": self.plane.axes,
        }
        return arrays if self.neighbourly is None else arrays | {"neighbourly": self.neighbourly}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "EmbeddingMap":
        """What `to_arrays` gave.

        Raises:
            KeyError: Something is missing.
            ValueError: Something is of the wrong kind.
        """
        plane = Plane(arrays["mean"], arrays["axes"])
        return cls(arrays["epochs"], arrays["principal"], int(arrays["kept"]), plane, arrays.get("neighbourly"))


def draw_map(embeddings: np.ndarray, *, kept: int, earlier: EpochPlanes | None = None) -> EmbeddingMap:
    """The principal maps of n items; `add_neighbours` adds the other one.

    Args:
        embeddings: (n, d) by the network that was kept.
        kept: The epoch it is of.
        earlier: What was seen of the training; without it there is the kept epoch alone.
    """
    seen = earlier or EpochPlanes()
    if kept not in seen.planes:
        seen.add(kept, embeddings)
    epochs, plane = sorted({kept, *spread_epochs(sorted(seen.places))}), seen.planes[kept]
    clouds = [seen.places[epoch] for epoch in epochs]
    radii = [radius_of(cloud) for cloud in clouds]
    even = np.stack([cloud / radius for cloud, radius in zip(clouds, radii, strict=True)])
    cells = CELLS / 2 / max(float(np.abs(even).max()), 1.0)  # a cell's size is the same in every map
    return EmbeddingMap(
        epochs=np.array(epochs, np.int32),
        principal=_to_cells(even * cells),
        kept=kept,
        plane=Plane(plane.mean, (plane.axes * (cells / radii[epochs.index(kept)])).astype(np.float32)),
        neighbourly=None,
    )


def add_neighbours(drawn: EmbeddingMap, embeddings: np.ndarray, *, seed: int) -> EmbeddingMap:
    """The same map with a t-SNE map too, which takes some twenty seconds for 10,000 items.

    Args:
        drawn: The principal maps of n items.
        embeddings: (n, d) by the network that was kept.
        seed: Decides what is random about it.
    """
    start = drawn.principal[int(np.searchsorted(drawn.epochs, drawn.kept))] - CELLS / 2
    places = keep_neighbours(embeddings, start, seed=seed)
    even = places / radius_of(places)
    cells = min(radius_of(start), CELLS / 2 / max(float(np.abs(even).max()), 1.0))
    return dataclasses.replace(drawn, neighbourly=_to_cells(even * cells))


def spread_epochs(epochs: Sequence[int]) -> list[int]:
    """At most `MOST_EPOCHS` less one of the epochs, evenly spread, the first and the last one among them."""
    if len(epochs) < MOST_EPOCHS:
        return list(epochs)
    chosen = np.rint(np.linspace(0, len(epochs) - 1, MOST_EPOCHS - 1)).astype(int)
    return [epochs[position] for position in chosen]


def principal_plane(embeddings: np.ndarray) -> Plane:
    """The plane through the mean of (n, d) embeddings that holds most of their variance; d is at least 2.

    Each axis points to where its largest part is positive, so that the same embeddings give the same plane.
    """
    mean = embeddings.mean(axis=0, dtype=np.float64)
    centred = embeddings - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)  # variances increase
    axes = vectors[:, :-3:-1]
    largest = np.abs(axes).argmax(axis=0)
    return Plane(mean.astype(np.float32), (axes * np.sign(axes[largest, [0, 1]])).astype(np.float32))


def best_rotation(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The orthogonal (2, 2) matrix, mirroring allowed, after which (n, 2) places lie nearest to the others.

    References:
        Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem".
    """
    left, _, right = np.linalg.svd(places.T.astype(np.float64) @ others)
    return left @ right


def keep_neighbours(embeddings: np.ndarray, start: np.ndarray, *, seed: int) -> np.ndarray:
    """Places (n, 2) float64 of (n, d) embeddings by t-SNE: near items stay near, far distances mean little.

    Args:
        embeddings: (n, d), at least four.
        start: (n, 2) places to begin with, which decide where groups come to lie (Kobak & Berens 2019).
        seed: Decides what is random in the search for neighbours.
    """
    import openTSNE  # heavy, and needed only after training

    affinities = openTSNE.affinity.PerplexityBasedNN(
        embeddings, perplexity=min(PERPLEXITY, (len(embeddings) - 1) / 3), method="exact", random_state=seed
    )
    places = openTSNE.TSNEEmbedding(start / radius_of(start) * 1e-4, affinities, random_state=seed)
    places.optimize(EARLY_STEPS, exaggeration=EARLY_EXAGGERATION, momentum=0.5, inplace=True)
    places.optimize(LATE_STEPS, momentum=0.8, inplace=True)
    return np.asarray(places)


def neighbour_shares(distances: np.ndarray) -> np.ndarray:
    """How much each of the nearest items, at these distances (k,), pulls a new item to its own place; together 1."""
    pulls = 1.0 / np.square(np.maximum(distances, np.finfo(np.float32).eps))
    return pulls / pulls.sum()


def radius_of(places: np.ndarray) -> float:
    """The root of the mean squared distance of (n, 2) places from the origin; 1 where all lie there."""
    return float(np.sqrt(np.square(places).sum(axis=1).mean())) or 1.0


def _to_cells(places: np.ndarray) -> np.ndarray:
    """Places around the origin as uint16, whole numbers around the middle of the field."""
    return np.round(places + CELLS / 2).astype(np.uint16)
