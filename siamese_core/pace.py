"""How long training takes on this very machine, by what runs have measured here."""

from collections.abc import Iterable
from statistics import median

from siamese_core.config import Recipe
from siamese_core.runs import Run


def estimate_seconds(recipe: Recipe, earlier: Iterable[Run]) -> float | None:
    """From a start to the finished model, by the first of the earlier runs that trained alike; None without one.

    Alike are runs of the same network on the same kind and size of batch: an epoch then costs the same.
    """
    for run in earlier:
        trained = run.recipe
        alike = all(getattr(trained, name) == getattr(recipe, name) for name in ("network", "batches", "batch_size"))
        times = {event["event"]: event["time"] for event in run.events if "time" in event}
        if alike and run.epochs and {"started", "measuring", "finished"} <= times.keys():
            around = times["started"] - run.began.timestamp() + times["finished"] - times["measuring"]
            return max(0.0, around) + recipe.epochs * _epoch_seconds(run)
    return None


def seconds_left(run: Run) -> float | None:
    """Until a running run has trained its last epoch; None before it has taken a step."""
    progress = run.progress
    if not progress or not progress["steps"]:
        return None
    within = progress["step"] / progress["steps"] if progress["epoch"] == len(run.epochs) + 1 else 0.0
    an_epoch = _epoch_seconds(run) if run.epochs else progress["seconds"] / max(within, 1e-3)
    return max(0.0, run.recipe.epochs - len(run.epochs) - within) * an_epoch


def _epoch_seconds(run: Run) -> float:
    """The middle epoch's training time; the first one, which compiles, counts only where it is alone."""
    return median(epoch["seconds"] for epoch in run.epochs[1:] or run.epochs)
