"""What becomes of a training run when everything goes wrong, with real trainings of `fast`.

    python benchmarks/accidents.py

Ten starts at once; a stop in each state, and two of them; the child killed; its memory and its disk used up; its server
killed, and the next one there. The disk is full only where a small one can be mounted, as root on Linux; else that row
is left out.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from siamese_core import jobs, runs
from siamese_core.attendance import LONELY_SECONDS
from siamese_core.errors import SiameseError
from siamese_core.runs import Run

SECONDS = 300.0
EPOCHS = 200
STARTS = 10
ADDRESS_SPACE = 1_500_000_000
"""Less than TensorFlow needs to wake up."""
SERVER = """
import sys, time
from pathlib import Path
from siamese_core import jobs
print(jobs.start("fast", "mine", epochs=200, root=Path(sys.argv[1])).id, flush=True)
time.sleep(1_000)
"""


def wait_for(run_id: str, root: Path, condition: Callable[[Run], bool]) -> tuple[Run, float]:
    """The run once the condition holds, and how many seconds that took."""
    began = time.monotonic()
    while not condition(run := runs.read(run_id, root)):
        if time.monotonic() - began > SECONDS:
            raise TimeoutError(f"{run.state}, {run.phase} after {SECONDS:g} s")
        time.sleep(0.02)
    return run, time.monotonic() - began


def has_ended(run: Run) -> bool:
    """Whether it has."""
    return run.state != "running"


def try_to_start(root: Path, number: int) -> str:
    """The id of the run, or why there is none: for a process of its own."""
    try:
        return jobs.start("fast", f"mine-{number}", epochs=EPOCHS, root=root).id
    except SiameseError as error:
        return str(error)


def start_together(root: Path) -> str:
    """Ten processes that start a run at the same time."""
    jobs.attend(root)
    with get_context("spawn").Pool(STARTS) as pool:
        said = pool.starmap(try_to_start, [(root, number) for number in range(STARTS)])
    started = [words for words in said if words in runs.run_ids(root)]
    refused = [words for words in said if "being trained" in words]
    for run_id in started:
        jobs.stop(run_id, root)
        wait_for(run_id, root, has_ended)
    return f"{len(started)} runs, {len(refused)} told that another is being trained"


def stop_while(phase: str, root: Path) -> str:
    """A stop in this phase."""
    run_id = jobs.start("fast", phase, epochs=1 if phase == "measuring" else EPOCHS, root=root).id
    if phase == "paused":
        wait_for(run_id, root, lambda run: len(run.epochs) > 0)
        jobs.pause(run_id, root)
    wait_for(run_id, root, lambda run: run.phase == phase)
    jobs.stop(run_id, root)
    _, soon = wait_for(run_id, root, lambda run: run.phase in ("measuring", "over"))
    run, later = wait_for(run_id, root, has_ended)
    return f"no training after {soon:.1f} s, gone after {soon + later:.1f} s: {run.state}"


def stop_twice(root: Path) -> str:
    """A stop in a pause, and another one while what it keeps is measured."""
    run_id = jobs.start("fast", "twice", epochs=EPOCHS, root=root).id
    wait_for(run_id, root, lambda run: len(run.epochs) > 0)
    jobs.pause(run_id, root)
    wait_for(run_id, root, lambda run: run.phase == "paused")
    jobs.stop(run_id, root)
    wait_for(run_id, root, lambda run: run.phase == "measuring")
    jobs.stop(run_id, root)
    run, soon = wait_for(run_id, root, has_ended)
    return f"gone {soon:.1f} s after the second: {run.state}: {run.message}"


def kill_child(root: Path) -> str:
    """SIGKILL between two epochs, then on from there."""
    run_id = jobs.start("fast", "killed", epochs=EPOCHS, root=root).id
    wait_for(run_id, root, lambda run: len(run.epochs) >= 2)
    os.kill(int((root / ".runs" / run_id / "pid").read_text()), signal.SIGKILL)
    killed, _ = wait_for(run_id, root, has_ended)
    jobs.resume(run_id, root=root)
    wait_for(run_id, root, lambda run: len(run.epochs) > len(killed.epochs))
    jobs.stop(run_id, root)
    run, _ = wait_for(run_id, root, has_ended)
    return f"{killed.state}: {killed.message} Resumed after epoch {len(killed.epochs)}: {run.state}"


def use_up_memory(root: Path) -> str:
    """A child that may not have the memory it needs."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, before[1]))
    try:
        run_id = jobs.start("fast", "large", epochs=EPOCHS, root=root).id
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    run, _ = wait_for(run_id, root, has_ended)
    return f"{run.state}: {run.message}"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of this size mounted there."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)  # noqa: S607
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607


def fill_disk(root: Path) -> str:
    """A disk that is full after the first epochs."""
    with small_disk(root / "disk", "4m"):
        disk = root / "disk"
        run_id = jobs.start("fast", "full", epochs=EPOCHS, root=disk).id
        wait_for(run_id, disk, lambda run: len(run.epochs) >= 1)
        fill(disk / "filler")
        run, _ = wait_for(run_id, disk, has_ended)
        (disk / "filler").unlink()
        jobs.resume(run_id, root=disk)
        wait_for(run_id, disk, lambda again: len(again.epochs) > len(run.epochs))
        jobs.stop(run_id, disk)
        wait_for(run_id, disk, has_ended)
    return f"{run.state}: {run.message} Resumed with room after epoch {len(run.epochs)}"


def fill(path: Path) -> None:
    """Write until the disk has no byte left."""
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"\0"):
            pass


def kill_server(root: Path) -> str:
    """SIGKILL to whoever started the run, nobody there, then the next server."""
    root = root / "servers"
    with subprocess.Popen([sys.executable, "-c", SERVER, root], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        run_id = (server.stdout.readline() if server.stdout else "").strip()
        wait_for(run_id, root, lambda run: len(run.epochs) >= 2)
        server.kill()
    alone, seconds = wait_for(run_id, root, has_ended)
    taken_up = jobs.take_up(root=root)
    wait_for(run_id, root, lambda run: len(run.epochs) > len(alone.epochs))
    jobs.stop(run_id, root)
    run, _ = wait_for(run_id, root, has_ended)
    went_on = taken_up is not None and taken_up.id == run_id
    return (
        f"no orphan after {seconds:.1f} s ({LONELY_SECONDS:g} s alone); the next server went on: {went_on}, {run.state}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="the one accident to try, as the table calls it")
    arguments = parser.parse_args()
    accidents: dict[str, Callable[[Path], str]] = {
        "ten starts at once": start_together,
        **{
            f"stopped while {phase}": lambda root, phase=phase: stop_while(phase, root)
            for phase in ("waking", "training", "paused", "measuring")
        },
        "stopped twice": stop_twice,
        "child killed": kill_child,
        "child without memory": use_up_memory,
        "server killed": kill_server,
        "disk full": fill_disk,
    }
    print("| accident | what happened |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, accident) in enumerate(accidents.items()):
            if arguments.only not in (None, name):
                continue
            place = Path(folder) / str(number)
            place.mkdir()
            try:
                print(f"| {name} | {accident(place)} |", flush=True)
            except (TimeoutError, subprocess.CalledProcessError) as error:
                print(f"| {name} | NOT SEEN: {error} |", flush=True)


if __name__ == "__main__":
    main()
