"""A training run as a child process: start, follow, stop.

A run is `python -m siamese_core train … --json`, its standard output caught in `<root>/.runs/<id>/events.jsonl`. The
child inherits two file locks and holds them until it is gone, however it goes: `.runs/slot`, of which there is one,
and `alive` in its own folder, the proof that it lives. Everything else about a run is read from its events.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from siamese_core.artifacts import PROJECT_ARTIFACTS, SHIPPED, artifacts_root, check_name, exists
from siamese_core.config import RECIPES, check_bounds
from siamese_core.errors import RunError

State = Literal["running", "done", "stopped", "failed"]
WITHOUT_A_WORD = "The training process ended without a word; it may have been killed or run out of memory."
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}")


@dataclass(frozen=True)
class Run:
    """A run as it stood when it was read.

    Attributes:
        id: Starts with the UTC time of its start, so that ids sort by age.
        state: "running"; "done" and "stopped" have saved a bundle; "failed" has not.
        settings: What it was started with: recipe, name, seed and the settings that were changed.
        events: Everything it said so far.
        message: Why it failed, for people; None otherwise.
    """

    id: str
    state: State
    settings: dict[str, Any]
    events: list[dict[str, Any]]
    message: str | None

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """The events of finished epochs."""
        return [event for event in self.events if event["event"] == "epoch"]

    @property
    def progress(self) -> dict[str, Any] | None:
        """The newest progress event, or None before the first step."""
        return next((event for event in reversed(self.events) if event["event"] == "progress"), None)


def start(
    recipe: str,
    name: str,
    *,
    epochs: int | None = None,
    margin: float | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    root: Path | None = None,
) -> Run:
    """Start a run; None leaves a setting as the recipe has it.

    The child ends by itself, keeping its best epoch, when the process that started it is gone.

    Raises:
        RunError: Another run is going on, the recipe or a setting is not allowed, or the name is taken.
        BundleError: The name is not allowed.
    """
    root = root or artifacts_root()
    changes = {"epochs": epochs, "margin": margin, "batch_size": batch_size, "learning_rate": learning_rate}
    changes = {key: value for key, value in changes.items() if value is not None}
    if recipe not in RECIPES:
        raise RunError(
            "There is no recipe {recipe!r}; choose one of {known}.", recipe=str(recipe)[:40], known=", ".join(RECIPES)
        )
    RECIPES[recipe].changed(**changes)
    check_bounds("seed", seed)
    if check_name(name) in SHIPPED or exists(name, root):
        raise RunError("There is a model {name!r} already; choose another name or delete it first.", name=name)

    _runs(root).mkdir(parents=True, exist_ok=True)
    with (_runs(root) / "slot").open("ab") as slot:
        if not _take(slot):
            busy = current(root)
            if busy is None:
                raise RunError("Another model is being trained; wait until it is done or stop it.")
            raise RunError(
                "The model {name} is being trained; wait until it is done or stop it.", name=busy.settings["name"]
            )
        run_id = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")  # whoever holds the slot is alone: no two are equal
        folder = _runs(root) / run_id
        folder.mkdir()
        settings = {"recipe": recipe, "name": name, "seed": seed, **changes}
        (folder / "settings.json").write_text(json.dumps(settings))
        with (folder / "alive").open("ab") as alive:
            _take(alive)
            _spawn(settings, folder, root, held=(slot.fileno(), alive.fileno()))
    return read(run_id, root)


def current(root: Path | None = None) -> Run | None:
    """The run that is going on, or None."""
    run = latest(root)
    return run if run and run.state == "running" else None


def latest(root: Path | None = None) -> Run | None:
    """The run started last, or None when there never was one."""
    ids = run_ids(root)
    return read(ids[-1], root) if ids else None


def run_ids(root: Path | None = None) -> list[str]:
    """The ids of all runs, the oldest first."""
    runs = _runs(root or artifacts_root())
    if not runs.is_dir():
        return []
    return sorted(entry.name for entry in runs.iterdir() if _ID.fullmatch(entry.name))


def read(run_id: str, root: Path | None = None) -> Run:
    """How a run stands at this moment.

    Raises:
        RunError: There is no such run.
    """
    root = root or artifacts_root()
    folder = _runs(root) / run_id
    if not _ID.fullmatch(run_id) or not folder.is_dir():
        raise RunError("There is no such training run.")
    alive = _is_alive(folder)  # asked first: what a run says before it goes is then never missed
    settings = json.loads((folder / "settings.json").read_text())
    events = _read_events(folder / "events.jsonl")
    state, message = _judge(events, alive)
    return Run(run_id, state, settings, events, message)


def stop(run_id: str, root: Path | None = None) -> None:
    """Ask a run to end now and keep its best epoch; does nothing to a run that has ended.

    Raises:
        RunError: There is no such run.
    """
    root = root or artifacts_root()
    if read(run_id, root).state == "running":
        # Its lock is held, so the process id cannot have passed on to a stranger.
        os.kill(int((_runs(root) / run_id / "pid").read_text()), signal.SIGTERM)


def _spawn(settings: dict[str, Any], folder: Path, root: Path, *, held: tuple[int, ...]) -> None:
    arguments = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
    command = [sys.executable, "-m", "siamese_core", "train", "--json", f"--stop-without={os.getpid()}", *arguments]
    with (folder / "events.jsonl").open("wb") as events, (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(
            command,
            cwd=PROJECT_ARTIFACTS.parent,
            env={**os.environ, "SIAMESE_ARTIFACTS": str(root.resolve())},
            stdin=subprocess.DEVNULL,
            stdout=events,
            stderr=log,
            pass_fds=held,
            start_new_session=True,  # Ctrl-C in the server's terminal is for the server
        )
    (folder / "pid").write_text(str(child.pid))
    threading.Thread(target=child.wait, daemon=True).start()  # leaves no zombie behind


def _runs(root: Path) -> Path:
    return root / ".runs"


def _take(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(folder: Path) -> bool:
    with (folder / "alive").open("ab") as lock:
        return not _take(lock)


def _read_events(path: Path) -> list[dict[str, Any]]:
    """The complete lines; the last one may still be being written."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines if line.startswith(b"{")]


def _judge(events: list[dict[str, Any]], alive: bool) -> tuple[State, str | None]:
    """A run's state by its last word and by whether it lives."""
    if alive:
        return "running", None
    last = events[-1] if events else {"event": ""}
    if last["event"] == "finished":
        return ("stopped" if last["stopped"] else "done"), None
    if last["event"] == "failed":
        return "failed", last["message"]
    return "failed", WITHOUT_A_WORD
