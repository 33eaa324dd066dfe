"""How long training takes on this very machine, by what runs, or else a second of warming up, have measured here."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from siamese_core.config import Recipe
from siamese_core.runs import Run, runs_folder, write_whole

_ALIKE = ("network", "batches", "batch_size")
"""The settings by which an epoch's cost is told."""


@dataclass(frozen=True)
class Pace:
    """What a warming-up has found, see `warm_up`.

    Attributes:
        waking: Seconds until everything is compiled.
        epoch: Seconds of an epoch, with its validation.
    """

    waking: float
    epoch: float

    def seconds(self, epochs: int) -> float:
        """From a start to the end of so many epochs."""
        return self.waking + epochs * self.epoch


def estimate_seconds(recipe: Recipe, earlier: Iterable[Run]) -> float | None:
    """From a start to the finished model, by the first of the earlier runs that trained alike; None without one.

    Alike are runs of the same network on the same kind and size of batch: an epoch then costs the same.
    """
    for run in earlier:
        trained = run.recipe
        alike = all(getattr(trained, name) == getattr(recipe, name) for name in _ALIKE)
        times = {event["event"]: event["time"] for event in run.events if "time" in event}
        if alike and run.epochs and {"started", "measuring", "finished"} <= times.keys():
            around = times["started"] - _launched(run) + times["finished"] - times["measuring"]
            return max(0.0, around) + recipe.epochs * _epoch_seconds(run)
    return None


def known_pace(recipe: Recipe, root: Path | None = None) -> Pace | None:
    """What `remember_pace` was told last of a recipe like this; None where it was told nothing."""
    told = _read_paces(_pace_file(root)).get(_key(recipe))
    return Pace(**told) if told else None


def remember_pace(recipe: Recipe, pace: Pace, root: Path | None = None) -> None:
    """Keep what a warming-up has found, beside the runs."""
    path = _pace_file(root)
    write_whole(path, json.dumps(_read_paces(path) | {_key(recipe): asdict(pace)}))


def seconds_left(run: Run) -> float | None:
    """Until a running run has trained its last epoch; None before it has taken a step."""
    progress = run.progress
    if not progress or not progress["steps"]:
        return None
    within = progress["step"] / progress["steps"] if progress["epoch"] == len(run.epochs) + 1 else 0.0
    an_epoch = _epoch_seconds(run) if run.epochs else progress["seconds"] / max(within, 1e-3)
    return max(0.0, run.recipe.epochs - len(run.epochs) - within) * an_epoch


def _launched(run: Run) -> float:
    """When the process that trained was started; older versions did not note it of one that resumed."""
    first, second = run.events[:2]
    return float(first.get("time", second["time"]) if first["event"] == "resumed" else run.began.timestamp())


def _epoch_seconds(run: Run) -> float:
    """The middle epoch's training time; the first one, which compiles, counts only where it is alone."""
    return median(epoch["seconds"] for epoch in run.epochs[1:] or run.epochs)


def _pace_file(root: Path | None) -> Path:
    return runs_folder(root) / "pace.json"


def _read_paces(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return {}  # nothing is known, or nobody can read it: both are measured anew


def _key(recipe: Recipe) -> str:
    return " ".join(str(getattr(recipe, name)) for name in _ALIKE)
