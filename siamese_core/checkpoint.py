"""A training between two epochs, as one file of numbers: all it takes to go on as if it had never stopped."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siamese_core.errors import RunError
from siamese_core.npz import DAMAGE

_GROUPS = ("network", "optimizer", "kept")


@dataclass(frozen=True)
class Checkpoint:
    """How a training stood when an epoch had ended.

    Attributes:
        history: One dict an epoch so far, as `training.EpochEvent` has it.
        order: State of the generator that orders the batches.
        network: Every variable of the encoder, the random states of its dropout included.
        optimizer: Every variable of the optimizer, the number of steps included.
        kept: The weights of the best epoch so far.
    """

    history: list[dict[str, Any]]
    order: dict[str, Any]
    network: list[np.ndarray]
    optimizer: list[np.ndarray]
    kept: list[np.ndarray]

    def save(self, path: Path) -> None:
        """Write it, in place of an older one; until the very end the older one stays whole.

        Raises:
            RunError: The disk refuses.
        """
        arrays = {f"{group}_{at:04}": array for group in _GROUPS for at, array in enumerate(getattr(self, group))}
        words = json.dumps({"history": self.history, "order": self.order}).encode()
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                np.savez(file, words=np.frombuffer(words, np.uint8), **arrays)
            os.replace(fresh, path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)  # which makes room to say why
            raise RunError(
                "The training could not keep its progress: {why}; make room on the disk, then let it go on.",
                why=error.strerror,
            ) from error

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """What `save` wrote; nothing is unpickled.

        Raises:
            RunError: There is no such file, or it is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                words = json.loads(arrays["words"].tobytes())
                groups = {
                    group: [arrays[name] for name in sorted(arrays.files) if name.startswith(f"{group}_")]
                    for group in _GROUPS
                }
            return cls(words["history"], words["order"], **groups)
        except DAMAGE as error:
            raise RunError("This run has left nothing to go on from; start it anew.") from error
