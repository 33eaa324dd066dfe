"""A training run as a child process: start, follow, pause, step, stop, resume.

A run is `python -m siamese_core train … --json`, its standard output caught in its folder, see `runs`. The child
inherits two file locks and holds them until it is gone, however it goes: `.runs/slot`, of which there is one, and
`alive` in its own folder, the proof that it lives. Whoever may give it orders shares a third, `.runs/attended`: a run
that nobody attends, because the server has gone and none has come, ends within seconds, and the next server lets it go
on from its last whole epoch.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from siamese_core.artifacts import (
    PROJECT_ARTIFACTS,
    artifacts_root,
    check_name,
    delete_bundle,
    exists,
    load_bundle,
    rename_bundle,
)
from siamese_core.attendance import attend as hold_attendance
from siamese_core.bundle import SHIPPED
from siamese_core.config import RECIPES, check_bounds
from siamese_core.errors import RunError
from siamese_core.limits import Limits
from siamese_core.packing import read_pack
from siamese_core.runs import (
    CHANGEABLE,
    SLOT_TAKEN,
    Run,
    current,
    find,
    fingerprint,
    forget,
    latest,
    map_folder,
    read,
    runs_folder,
    take,
    write_settings,
    write_whole,
)
from siamese_core.training_library import check_can_train

_BUSY = "The model {name} is being trained; wait until it is done or stop it."
_MOMENT = 1.0  # s
_NICENESS = 10
"""Above the server's own: a training takes what visitors leave, a tenth of a processor that both want."""
_attended: dict[Path, IO[bytes]] = {}
"""Locks of this process that tell the runs of a folder that somebody is there; held until it ends."""


def start(
    recipe: str,
    name: str,
    *,
    epochs: int | None = None,
    margin: float | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    one_epoch: bool = False,
    limits: Limits | None = None,
    root: Path | None = None,
) -> Run:
    """Start a run; None leaves a setting as the recipe has it.

    Args:
        recipe: A key of `config.RECIPES`.
        name: The model's.
        epochs: How often everything is seen.
        margin: See `config.Recipe`, as for the others.
        batch_size: Pairs or images a step.
        learning_rate: The highest rate.
        seed: See `training.train`.
        one_epoch: Pause after the first epoch.
        limits: What the operator allows.
        root: The folder of models and runs.

    Raises:
        RunError: Another run is going on, the recipe or a setting is not allowed, the name is taken, or nothing can
            be trained here.
        BundleError: The name is not allowed.
    """
    root, limits = root or artifacts_root(), limits or Limits()
    changes = {"epochs": epochs, "margin": margin, "batch_size": batch_size, "learning_rate": learning_rate}
    changes = {key: value for key, value in changes.items() if value is not None}
    if recipe not in RECIPES:
        raise RunError(
            "There is no recipe {recipe!r}; choose one of {known}.", recipe=str(recipe)[:40], known=", ".join(RECIPES)
        )
    limits.check_run(RECIPES[recipe].changed(**changes))
    check_bounds("seed", seed)
    _check_free(name, root)
    settings = {"recipe": recipe, "name": name, "seed": seed, **changes}

    def open_folder() -> Path:
        return _new_folder(settings, root)

    options = ["--one-epoch"] if one_epoch else []
    return _launch(open_folder, options, limits, root)


def resume(
    run_id: str,
    *,
    epochs: int | None = None,
    one_epoch: bool = False,
    limits: Limits | None = None,
    root: Path | None = None,
) -> Run:
    """Let a run that has ended go on from its last whole epoch, to its last one or to a later one.

    Raises:
        RunError: It has left nothing to go on from, has no epochs left, its model has been replaced since, or see
            `start`.
    """
    root, limits = root or artifacts_root(), limits or Limits()
    run = read(run_id, root)
    if not run.resumable:
        raise RunError("This run has left nothing to go on from; start it anew.")
    settings = run.settings | ({} if epochs is None else {"epochs": epochs})
    recipe = run.recipe.changed(epochs=epochs)
    limits.check_run(recipe)
    if run.state != "failed" and recipe.epochs <= len(run.epochs):  # a failed one may have all but its measuring
        raise RunError(
            "The model {name} has learned for {done} epochs already; ask for more than that.",
            name=run.name,
            done=len(run.epochs),
        )
    _check_own(run, root)

    def open_folder() -> Path:
        write_settings(run_id, settings, root)
        folder = runs_folder(root) / run_id
        with (folder / "events.jsonl").open("a") as events:
            said = json.dumps({"event": "resumed", "time": round(time.time(), 2)})
            events.write(f"\n{said}\n")  # the line before may have been cut short
        return folder

    options = ["--replace", "--resume", *(["--one-epoch"] if one_epoch else [])]
    return _launch(open_folder, options, limits, root)


def install(content: bytes, name: str, *, limits: Limits | None = None, root: Path | None = None) -> Run:
    """Take in a model's file from a visitor: checked here, before anything is written, and made anew by a run.

    Raises:
        BundleError: It is no sound model of this project, see `packing.read_pack`, or the name is not allowed.
        RunError: Another run is going on, the name is taken, or the operator forbids it.
    """
    root, limits = root or artifacts_root(), limits or Limits()
    limits.check_writable()
    _check_free(name, root)
    pack = read_pack(content)
    limits.check_room(root, coming=3 * len(content))
    own = {key: getattr(pack.recipe, key) for key in CHANGEABLE if getattr(RECIPES[pack.recipe.name], key) is not None}
    changes = {key: value for key, value in own.items() if value is not None}
    settings = {"recipe": pack.recipe.name, "name": name, "seed": pack.seed, **changes, "uploaded": True}

    def open_folder() -> Path:
        return _new_folder(settings, root, {"upload.zip": content})

    return _launch(open_folder, [], limits, root)


def pause(run_id: str, root: Path | None = None) -> None:
    """Let a run rest between two steps; does nothing to a run that has ended.

    Raises:
        RunError: There is no such run, it is not ready to hear, or another machine's server started it.
    """
    _tell(run_id, signal.SIGUSR1, root)


def play(run_id: str, root: Path | None = None) -> None:
    """Let a paused run go on. For the rest see `pause`."""
    _tell(run_id, signal.SIGCONT, root)


def step(run_id: str, root: Path | None = None) -> None:
    """Let a run go on to the end of its epoch and rest there. For the rest see `pause`."""
    _tell(run_id, signal.SIGUSR2, root)


def stop(run_id: str, root: Path | None = None) -> None:
    """Ask a run to end now and keep its best epoch. For the rest see `pause`."""
    _tell(run_id, signal.SIGTERM, root)


def rename(name: str, new_name: str, *, limits: Limits | None = None, root: Path | None = None) -> None:
    """Give a model that a person made, and its run, another name.

    Raises:
        RunError: The name is taken, a model of either name is being trained, or the operator forbids it.
        BundleError: There is no such model, it is shipped with the project, or the name is not allowed.
    """
    root = root or artifacts_root()
    (limits or Limits()).check_writable()
    run = _ended_run(name, root)
    _check_free(new_name, root)
    _ended_run(new_name, root)  # one that goes on will save its model under this name
    rename_bundle(name, new_name, root)
    if run:
        write_settings(run.id, run.settings | {"name": new_name}, root)


def delete(name: str, *, limits: Limits | None = None, root: Path | None = None) -> None:
    """Remove a model that a person made, and what its run has left.

    Raises:
        RunError: The model is being trained, or the operator forbids it.
        BundleError: There is no such model, or it is shipped with the project.
    """
    root = root or artifacts_root()
    (limits or Limits()).check_writable()
    run = _ended_run(name, root)
    if exists(name, root) or run is None:
        delete_bundle(name, root)
    if run:
        forget(run.id, root)


def attend(root: Path | None = None) -> None:
    """Let the runs of a folder know, for as long as this process lives, that somebody may give them orders."""
    root = root or artifacts_root()
    folder = runs_folder(root).resolve()
    if folder not in _attended:
        folder.mkdir(parents=True, exist_ok=True)
        _attended[folder] = hold_attendance(_attended_file(root))


def take_up(*, limits: Limits | None = None, root: Path | None = None) -> Run | None:
    """The last run, going on again, if it ended because its server had gone; None where there is none such.

    One that rested then rests again when its epoch has ended.

    Raises:
        RunError: See `resume`.
    """
    run = latest(root)
    if run is None or not run.left_alone or not run.resumable:
        return None
    return resume(run.id, one_epoch=run.rested, limits=limits, root=root)


def _launch(open_folder: Callable[[], Path], options: list[str], limits: Limits, root: Path) -> Run:
    """Take the slot, then let `open_folder` make or find the folder of the run that gets it."""
    check_can_train()
    limits.check_room(root)
    attend(root)
    with (runs_folder(root) / "slot").open("ab") as slot:
        _take_slot(slot, root)
        folder = open_folder()
        for note in ("pid", "host"):  # those of the process before
            (folder / note).unlink(missing_ok=True)
        with (folder / "alive").open("ab") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)  # whoever asks just now whether the run lives holds it for a moment
            options = [*options, f"--max-seconds={60 * limits.max_minutes:g}"]
            _spawn(folder, options, root, held=(slot.fileno(), alive.fileno()))
    return read(folder.name, root)


def _take_slot(slot: IO[bytes], root: Path) -> None:
    """Lock the slot; a process that ends may let go of it a moment after it has let go of its run.

    Raises:
        RunError: A run or a measurement holds it.
    """
    deadline = time.monotonic() + _MOMENT
    while not take(slot):
        if busy := current(root):
            raise RunError(_BUSY, name=busy.name)
        if time.monotonic() > deadline:
            raise RunError(SLOT_TAKEN)
        time.sleep(_MOMENT / 20)


def _new_folder(settings: dict[str, Any], root: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """A new run's folder, in place of those of ended runs that have left no model of the same name.

    It is a run's from the moment it is whole: what is half made has no run's name.
    """
    while old := find(settings["name"], root):
        forget(old.id, root)
    fresh = runs_folder(root) / "new"  # whoever holds the slot is alone
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    own = {"settings.json": json.dumps(settings).encode(), "events.jsonl": b""}
    for file, content in (own | dict(files or {})).items():
        (fresh / file).write_bytes(content)
    return fresh.rename(runs_folder(root) / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f"))


def _spawn(folder: Path, options: list[str], root: Path, *, held: tuple[int, ...]) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    with (folder / "events.jsonl").open("ab") as events, (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "siamese_core", *_command(settings, folder, root), "--json", *options],
            cwd=PROJECT_ARTIFACTS.parent,
            env={**os.environ, "SIAMESE_ARTIFACTS": str(root.resolve()), "TMPDIR": str(temporary.resolve())},
            stdin=subprocess.DEVNULL,
            stdout=events,
            stderr=log,
            pass_fds=held,
            start_new_session=True,  # Ctrl-C in the server's terminal is for the server
        )
    with suppress(ProcessLookupError):  # before it has threads, which all inherit it
        os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
    write_whole(folder / "host", _host())  # first: whoever finds the number knows where it counts
    write_whole(folder / "pid", str(child.pid))
    threading.Thread(target=child.wait, daemon=True).start()  # leaves no zombie behind


def _host() -> str:
    """Where process numbers mean the same: this machine, or this container."""
    return socket.gethostname()


def _read_number(folder: Path) -> int | None:
    """The process of a run; None for a moment after its start."""
    try:
        return int((folder / "pid").read_text())
    except FileNotFoundError:
        return None


def _read_host(folder: Path) -> str:
    """Where a run was started; here if it is older than that note."""
    note = folder / "host"
    return note.read_text() if note.exists() else _host()


def _command(settings: dict[str, Any], folder: Path, root: Path) -> list[str]:
    """What the command line is asked to do for a run of these settings."""
    attended = f"--attended={_attended_file(root)}"
    if settings.get("uploaded"):
        return ["install", str((folder / "upload.zip").resolve()), f"--name={settings['name']}", attended]
    arguments = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
    places = {"checkpoint": folder / "checkpoint.npz", "map": map_folder(folder.name, root)}
    return ["train", *arguments, *(f"--{option}={path.resolve()}" for option, path in places.items()), attended]


def _tell(run_id: str, order: signal.Signals, root: Path | None) -> None:
    run = read(run_id, root)
    if run.state != "running":
        return
    folder = runs_folder(root) / run_id
    number = _read_number(folder)
    if number is None or (run.phase == "waking" and order != signal.SIGTERM):
        raise RunError("The run is still waking up; try again in a moment.")
    if _read_host(folder) != _host():  # its number may be another process's here
        raise RunError(
            "The run was started by another server that shares this folder; only that one can give it orders."
        )
    # Its lock is held, so the process id cannot have passed on to a stranger.
    with suppress(ProcessLookupError):
        os.kill(number, order)


def _attended_file(root: Path) -> Path:
    return runs_folder(root).resolve() / "attended"


def _check_free(name: str, root: Path) -> None:
    if check_name(name) in SHIPPED or exists(name, root):
        raise RunError("There is a model {name!r} already; choose another name or delete it first.", name=name)


def _check_own(run: Run, root: Path) -> None:
    """Accept a run whose model is still the one it made, if it made one."""
    if exists(run.name, root) and load_bundle(run.name, root).fingerprint != fingerprint(run.id, root):
        raise RunError("The model {name} is another one now; start this run anew under another name.", name=run.name)


def _ended_run(name: str, root: Path) -> Run | None:
    """The run of this name.

    Raises:
        RunError: It is going on.
    """
    run = find(check_name(name), root)
    if run and run.state == "running":
        raise RunError(_BUSY, name=name)
    return run
