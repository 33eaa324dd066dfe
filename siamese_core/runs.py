"""What training runs have left on disk: each a folder `<root>/.runs/<id>` that says how its run stands.

settings.json     what it was started with
events.jsonl      everything it said, one JSON object a line
checkpoint.npz    where it can go on from, once an epoch has ended
map/              where each epoch puts the test items, see `moving_map`
tmp/              what it has half made; of a run that was killed it stays until the run goes on or is deleted
alive             locked for as long as the run lives
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from siamese_core.artifacts import artifacts_root
from siamese_core.config import RECIPES, Recipe
from siamese_core.errors import RunError

State = Literal["running", "done", "stopped", "failed"]
Phase = Literal["waking", "training", "paused", "measuring", "drawing", "over"]
WITHOUT_A_WORD = "The training process ended without a word; it may have been killed or run out of memory."
LEFT_ALONE = "The training process ended because the server it belonged to had gone."
SLOT_TAKEN = "Another training, or a measurement, is going on; try again in a moment."
CHANGEABLE = ("epochs", "margin", "batch_size", "learning_rate")
_NO_SUCH = "There is no such training run."
_PHASES: dict[str, Phase] = {
    "resumed": "waking",
    "started": "waking",
    "playing": "training",
    "progress": "training",
    "epoch": "training",
    "paused": "paused",
    "measuring": "measuring",
    "finished": "drawing",  # the model can be used; what is still missing is its map
}
"""What a run is doing once it has said this."""
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}")


@dataclass(frozen=True)
class Run:
    """A run as it stood when it was read.

    Attributes:
        id: Starts with the UTC time of its start, so that ids sort by age.
        state: "running"; "done" and "stopped" have saved a bundle; "failed" has not.
        settings: What it was started with: recipe, name, seed and the settings that were changed.
        events: Everything it said since it last began to train, progress but for the newest left out; before that,
            when it was resumed, if it was.
        message: Why it failed, for people; None otherwise.
        resumable: Whether it has ended and left a checkpoint.
    """

    id: str
    state: State
    settings: dict[str, Any]
    events: list[dict[str, Any]]
    message: str | None
    resumable: bool = False

    @property
    def name(self) -> str:
        """The name of its model."""
        return str(self.settings["name"])

    @property
    def recipe(self) -> Recipe:
        """The recipe with the settings that were changed."""
        return RECIPES[self.settings["recipe"]].changed(
            **{name: self.settings[name] for name in CHANGEABLE if name in self.settings}
        )

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """The events of finished epochs."""
        return [event for event in self.events if event["event"] == "epoch"]

    @property
    def progress(self) -> dict[str, Any] | None:
        """The newest progress event, or None before the first step."""
        return self._newest("progress")

    @property
    def phase(self) -> Phase:
        """What a running run is doing; "over" for one that has ended."""
        if self.state != "running":
            return "over"
        return next((_PHASES[event["event"]] for event in reversed(self.events) if event["event"] in _PHASES), "waking")

    @property
    def stopped_by(self) -> str | None:
        """Why it ended early, see `control.Reason`; None where it did not."""
        finished = self._newest("finished")
        return finished.get("stopped_by") if finished else None

    @property
    def left_alone(self) -> bool:
        """Whether it has ended because no server was there any more."""
        return self.state == "failed" and bool(self.events) and self.events[-1]["event"] == "alone"

    @property
    def rested(self) -> bool:
        """Whether it was paused when it last said what it was doing."""
        told = [event["event"] for event in self.events if event["event"] in _PHASES]
        return told[-1:] == ["paused"]

    @property
    def began(self) -> datetime:
        """When it was first started."""
        return datetime.strptime(self.id, "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)

    def _newest(self, kind: str) -> dict[str, Any] | None:
        return next((event for event in reversed(self.events) if event["event"] == kind), None)


def runs_folder(root: Path | None = None) -> Path:
    """Where runs are kept."""
    return (root or artifacts_root()) / ".runs"


def current(root: Path | None = None) -> Run | None:
    """The run that is going on, or None."""
    run = latest(root)
    return run if run and run.state == "running" else None


def latest(root: Path | None = None) -> Run | None:
    """The run that is going on, else the one that said something last, or None when there never was one.

    What is going on is known by its lock: the clock may have been set back since an older one ended.
    """
    folder = runs_folder(root)
    ids = sorted(run_ids(root), key=lambda run_id: (_is_alive(folder / run_id), _last_word(folder / run_id), run_id))
    return next(_read_those(reversed(ids), root), None)


def run_ids(root: Path | None = None) -> list[str]:
    """The ids of all runs, the oldest first."""
    folder = runs_folder(root)
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if _ID.fullmatch(entry.name))


def read(run_id: str, root: Path | None = None) -> Run:
    """How a run stands at this moment.

    Raises:
        RunError: There is no such run.
    """
    folder = runs_folder(root) / run_id
    if not _ID.fullmatch(run_id) or not folder.is_dir():
        raise RunError(_NO_SUCH)
    alive = _is_alive(folder)  # asked first: what a run says before it goes is then never missed
    try:
        settings = json.loads((folder / "settings.json").read_text())
        events = _read_events(folder / "events.jsonl")
    except FileNotFoundError as error:  # it is just being deleted, or was half deleted
        raise RunError(_NO_SUCH) from error
    state, message = _judge(events, alive)
    resumable = state != "running" and (folder / "checkpoint.npz").is_file()
    return Run(run_id, state, settings, events, message, resumable)


def read_all(root: Path | None = None) -> Iterator[Run]:
    """How each run stands that is still there when its turn comes, the newest first."""
    return _read_those(reversed(run_ids(root)), root)


def map_folder(run_id: str, root: Path | None = None) -> Path:
    """Where a run's map can be watched, see `moving_map`."""
    return runs_folder(root) / run_id / "map"


def find(name: str, root: Path | None = None) -> Run | None:
    """The run that made, or is making, the model of this name; None where none is known."""
    return next((run for run in read_all(root) if run.name == name), None)


def fingerprint(run_id: str, root: Path | None = None) -> str | None:
    """That of the model which a run has saved last; None where it has saved none."""
    events = _parse((runs_folder(root) / run_id / "events.jsonl").read_bytes().split(b"\n"))
    return next((event["fingerprint"] for event in reversed(events) if "fingerprint" in event), None)


def write_settings(run_id: str, settings: dict[str, Any], root: Path | None = None) -> None:
    """Replace what is known of a run's start."""
    write_whole(runs_folder(root) / run_id / "settings.json", json.dumps(settings))


def write_whole(path: Path, text: str) -> None:
    """Write a file that whoever reads it meanwhile finds whole, the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


def forget(run_id: str, root: Path | None = None) -> None:
    """Remove what a run has left, its model excepted.

    Raises:
        RunError: There is no such run, or it is going on.
    """
    run = read(run_id, root)
    if run.state == "running":
        raise RunError(
            "The model {name} is being trained; wait until it is done or stop it.", name=run.settings["name"]
        )
    shutil.rmtree(runs_folder(root) / run_id, ignore_errors=True)


def take(lock: IO[bytes]) -> bool:
    """Lock an open file; False when another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_those(ids: Iterable[str], root: Path | None) -> Iterator[Run]:
    """The runs of these ids, without those that have been deleted since they were listed."""
    for run_id in ids:
        with suppress(RunError):
            yield read(run_id, root)


def _last_word(folder: Path) -> int:
    """When a run said something last, in nanoseconds; 0 for one that has been deleted since it was listed."""
    with suppress(FileNotFoundError):
        return (folder / "events.jsonl").stat().st_mtime_ns
    return 0


def _is_alive(folder: Path) -> bool:
    """Whether its process holds its lock; a run that has been deleted since it was listed does not.

    Whoever asks shares the lock for a moment, so that nobody who asks meanwhile is told that the run lives.
    """
    try:
        with (folder / "alive").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _read_events(path: Path) -> list[dict[str, Any]]:
    """The complete lines since the last start or the resumption before it; the last one may still be being written."""
    lines = [line for line in path.read_bytes().split(b"\n")[:-1] if line.startswith(b"{")]
    starts = [at for at, line in enumerate(lines) if line.startswith(b'{"event": "started"')]
    begin = starts[-1] if starts else 0
    was_resumed = begin > 0 and lines[begin - 1].startswith(b'{"event": "resumed"')
    lines = lines[begin - was_resumed :]
    told = [at for at, line in enumerate(lines) if line.startswith(b'{"event": "progress"')]
    passed = set(told[:-1])
    return _parse(line for at, line in enumerate(lines) if at not in passed)


def _parse(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """The events among the lines; a process that was killed, or a full disk, may have cut one short."""
    events = []
    for line in lines:
        with suppress(ValueError):
            events.append(json.loads(line))
    return events


def _judge(events: list[dict[str, Any]], alive: bool) -> tuple[State, str | None]:
    """A run's state by its last word and by whether it lives."""
    if alive:
        return "running", None
    resumed = max((at for at, event in enumerate(events) if event["event"] == "resumed"), default=-1)
    said = {event["event"]: event for event in events[resumed + 1 :]}
    if "finished" in said:
        return ("stopped" if said["finished"]["stopped"] else "done"), None
    if "failed" in said:
        return "failed", said["failed"]["message"]
    return "failed", LEFT_ALONE if "alone" in said else WITHOUT_A_WORD
