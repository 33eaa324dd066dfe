"""A second of training on this very machine, to know how long all of it will take.

A server has it done by a child process, `python -m siamese_core pace … --json`, which brings TensorFlow in and takes
it away again. While it lives it holds the slot of a run, so that neither slows the other; see `jobs`.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from siamese_core.artifacts import PROJECT_ARTIFACTS, artifacts_root
from siamese_core.collection import Collection, validation_positions
from siamese_core.config import Recipe
from siamese_core.errors import RunError
from siamese_core.limits import Limits
from siamese_core.moving_map import WATCHED_ITEMS
from siamese_core.pace import Pace, remember_pace
from siamese_core.runs import SLOT_TAKEN, runs_folder, take
from siamese_core.training_library import check_can_train

SECONDS_OF_STEPS = 1.0
SECONDS_ALLOWED = 300.0


def warm_up(recipe: Recipe, collection: Collection) -> Pace:
    """The pace of a recipe in this process, after its first step, which compiles, and a second of others."""
    began = time.perf_counter()
    from siamese_core.trainer import EpochRun, Trainer  # brings TensorFlow in

    training = collection.split("train")
    fit, validation = validation_positions(training.labels)
    trainer = Trainer(recipe, training.images[fit], training.labels[fit], seed=0)
    looks: list[EpochRun] = []

    def is_enough() -> bool:
        return bool(looks) and looks[-1].seconds - looks[0].seconds >= SECONDS_OF_STEPS

    trainer.run_epoch(on_step=looks.append, should_stop=is_enough)
    first, last = looks[0], looks[-1]
    a_step = (last.seconds - first.seconds) / max(1, last.steps - first.steps)
    embedded = training.images[:WATCHED_ITEMS]
    trainer.embed(embedded)  # which compiles too
    waking = time.perf_counter() - began - (last.seconds - first.seconds)
    again = time.perf_counter()
    trainer.embed(embedded)
    an_image = (time.perf_counter() - again) / len(embedded)
    return Pace(waking, a_step * trainer.steps + an_image * (len(validation) + WATCHED_ITEMS))


def measure_pace(recipe: Recipe, *, limits: Limits | None = None, root: Path | None = None) -> Pace:
    """Have a child process warm up, and remember what it found; this takes some ten seconds.

    Raises:
        RunError: A run or another measurement is going on, the operator forbids it, nothing can be trained here, or
            the child died or took too long.
    """
    root = root or artifacts_root()
    (limits or Limits()).check_run(recipe)
    check_can_train()
    folder = runs_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "slot").open("ab") as slot:
        if not take(slot):
            raise RunError(SLOT_TAKEN)
        pace = _ask_child(recipe, held=slot.fileno())
        remember_pace(recipe, pace, root)
    return pace


def _ask_child(recipe: Recipe, *, held: int) -> Pace:
    arguments = ["pace", f"--recipe={recipe.name}", f"--batch-size={recipe.batch_size}", "--json"]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "siamese_core", *arguments],
            cwd=PROJECT_ARTIFACTS.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(held,),
            timeout=SECONDS_ALLOWED,
            check=True,
        )
        return Pace(**json.loads(ran.stdout))
    except (subprocess.SubprocessError, ValueError, TypeError) as error:
        raise RunError("The pace of this machine could not be measured; start a training to see it.") from error
