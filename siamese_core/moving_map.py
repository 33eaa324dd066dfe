"""What a map needs of each epoch of a training, kept in the run's folder: to be watched, and for the finished map.

epoch-3.bin    where epoch 3 puts the first test items, as bytes for a browser
planes.npz     what `projection.draw_map` needs of the epochs that a finished map tells of
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from siamese_core.projection import (
    CELLS,
    EpochPlanes,
    best_rotation,
    principal_plane,
    radius_of,
    spread_epochs,
)

WATCHED_ITEMS = 2_000
"""Test items that are seen moving: enough for a cloud, 8 kB an epoch."""
REACH = 4.0
"""The field's edge, in root mean squared radii from its middle; what lies beyond is seen on the edge."""
_PLANES = "planes.npz"
_FILE = re.compile(r"epoch-(\d{1,4})\.bin")


class MapRecorder:
    """Looks at a network after each epoch; `look` is for `training.train`.

    Attributes:
        planes: Of the epochs that a finished map tells of, those before a resume included.
    """

    def __init__(self, images: np.ndarray, *, epochs: int, folder: Path | None = None) -> None:
        """Look at (n, 28, 28) `images` over so many epochs; with a folder, go on with what it holds and add to it."""
        self._images = images
        self._told = set(spread_epochs(range(epochs + 1)))
        self._folder = folder
        if folder:
            folder.mkdir(exist_ok=True)
        self.planes = EpochPlanes.load(folder / _PLANES) if folder else EpochPlanes()

    def look(self, epoch: int, embed: Callable[[np.ndarray], np.ndarray]) -> None:
        """Take down what `embed` makes of the images after `epoch` epochs, unless that is known already."""
        is_told = epoch in self._told and epoch not in self.planes.planes
        shown_in = self._folder if self._folder and epoch not in watched_epochs(self._folder) else None
        if not is_told and not shown_in:
            return
        embeddings = embed(self._images if is_told else self._images[:WATCHED_ITEMS])
        if is_told:
            self.planes.add(epoch, embeddings)
        if is_told and self._folder:
            self.planes.save(self._folder / _PLANES)
        if shown_in:
            _show(shown_in, epoch, embeddings[:WATCHED_ITEMS])


def watched_epochs(folder: Path) -> list[int]:
    """The epochs that can be watched, in their order; 0 is the untrained network."""
    if not folder.is_dir():
        return []
    return sorted(int(named[1]) for entry in folder.iterdir() if (named := _FILE.fullmatch(entry.name)))


def read_watched(folder: Path, epoch: int) -> bytes:
    """Little-endian uint16 (m, 2): the places of the first m test items after this epoch."""
    return (folder / f"epoch-{epoch}.bin").read_bytes()


def _show(folder: Path, epoch: int, embeddings: np.ndarray) -> None:
    """Write where (m, d) embeddings lie, turned to where the newest epoch so far has put them."""
    places = principal_plane(embeddings).project(embeddings)
    earlier = watched_epochs(folder)
    if earlier:
        before = np.frombuffer(read_watched(folder, earlier[-1]), "<u2").reshape(-1, 2) - CELLS / 2
        places = places @ best_rotation(places, before)
    cells = places / radius_of(places) * (CELLS / 2 / REACH) + CELLS / 2
    fresh = folder / "epoch.new"
    fresh.write_bytes(np.clip(np.round(cells), 0, CELLS).astype("<u2").tobytes())
    os.replace(fresh, folder / f"epoch-{epoch}.bin")
