"""A long day in a short time: visitors come, upload, draw, look, train and go; what of them stays behind?

    python benchmarks/soak.py --minutes 60

Starts the server, lets so many visitors at a time come and go without a pause, and every few seconds notes the
server's memory, open handles, threads and temporary files. At the end all have gone; the slopes are fitted by least
squares over the last half of the time.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from isolation import draw_picture
from serving import Server, running_server
from visitor import Visitor

from siamese_core import jobs, runs
from siamese_core.sketch import Stroke, pack

PAGES = ("map", "pairs", "evaluate", "train", "explain")
MINUTES_BETWEEN_TRAININGS = 5.0
SECONDS_BETWEEN_LOOKS = 5.0
SECONDS_TO_SETTLE = 90.0
"""Streamlit forgets a session a minute after its page has closed."""


@dataclass(frozen=True)
class Look:
    """What the server held at one moment."""

    minutes: float
    megabytes: float
    handles: int
    threads: int
    files: int
    visits: int


class Town:
    """Visitors who come and go until it is closed."""

    def __init__(self, url: str, *, seed: int) -> None:
        self.url = url
        self.visits = 0
        self.faults: list[str] = []
        self._seed = seed
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self, visitors: int) -> None:
        """Let so many visitors at a time be there."""
        self._threads = [threading.Thread(target=self._keep_visiting, args=(number,)) for number in range(visitors)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Let the visitors who are there finish, and no others come."""
        self._closed.set()
        for thread in self._threads:
            thread.join()

    def _keep_visiting(self, number: int) -> None:
        rng = np.random.default_rng([self._seed, number])
        while not self._closed.is_set():
            try:
                visit(self.url, rng)
            except Exception as error:  # whatever it is, it belongs into the table
                self.faults.append(f"{type(error).__name__}: {error}")
                time.sleep(1.0)
            self.visits += 1


def visit(url: str, rng: np.random.Generator) -> None:
    """One visitor: uploads, chooses, opens a link with a drawing, looks at another page, and goes."""
    with Visitor(url, "source=upload&model=classic&item_b=0") as page:
        for _ in range(2):
            page.upload("upload_a", draw_picture(int(rng.integers(0, 256)), rng))
            page.run(item_b=int(rng.integers(0, 1_000)))
    points = tuple((int(x), int(y)) for x, y in rng.integers(20, 260, (12, 2)))
    with Visitor(url, f"drawing_a={pack([Stroke(20, points)])}&model=classic") as page:
        page.run(item_b=int(rng.integers(0, 1_000)))
    Visitor(url, "model=classic", str(rng.choice(PAGES))).close()


def look(server: Server, began: float, visits: int) -> Look:
    """What the system says of the server's process, and how many files lie where only temporary ones do."""
    process = Path(f"/proc/{server.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return Look(
        minutes=(time.monotonic() - began) / 60,
        megabytes=int(status["VmRSS"].split()[0]) / 1024,
        handles=len(list((process / "fd").iterdir())),
        threads=int(status["Threads"]),
        files=len(list((server.folder.parent / "tmp").iterdir())),
        visits=visits,
    )


def train(server: Server) -> None:
    """Start a short training if none is going on."""
    if runs.current(server.folder) is None:
        if (server.folder / "soak").exists():
            jobs.delete("soak", root=server.folder)
        jobs.start("fast", "soak", epochs=1, root=server.folder)


def soak(server: Server, *, minutes: float, visitors: int, training: bool, seed: int = 0) -> tuple[list[Look], Town]:
    """Looks at the server while visitors come and go; the last one when all have been forgotten."""
    town, began = Town(server.url, seed=seed), time.monotonic()
    looks: list[Look] = []
    next_training = 1.0
    town.open(visitors)
    while (now := (time.monotonic() - began) / 60) < minutes:
        if training and now >= next_training:
            train(server)
            next_training = now + MINUTES_BETWEEN_TRAININGS
        looks.append(look(server, began, town.visits))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    town.close()
    time.sleep(SECONDS_TO_SETTLE)
    Visitor(server.url).close()  # sessions past their time are forgotten when another one comes
    time.sleep(SECONDS_BETWEEN_LOOKS)
    looks.append(look(server, began, town.visits))
    return looks, town


def slope(looks: list[Look], what: str) -> float:
    """How much of it an hour adds, by least squares over the last half of the looks with visitors."""
    late = looks[len(looks) // 2 : -1]
    hours = [each.minutes / 60 for each in late]
    return float(np.polyfit(hours, [getattr(each, what) for each in late], 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--visitors", type=int, default=3, help="at a time")
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--looks", type=Path, help="write every look into this file, one JSON object a line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        temporary = Path(place) / "tmp"
        temporary.mkdir()
        with running_server(Path(place) / "artifacts", TMPDIR=str(temporary)) as server:
            looks, town = soak(
                server, minutes=arguments.minutes, visitors=arguments.visitors, training=not arguments.no_training
            )
            tracebacks = server.log.read_text(errors="replace").count('"exception"')
    if arguments.looks:
        arguments.looks.write_text("".join(json.dumps(asdict(each)) + "\n" for each in looks))
    first, last = looks[len(looks) // 2], looks[-1]
    print(
        f"{town.visits} visits in {arguments.minutes:g} minutes, {len(town.faults)} that failed, {tracebacks} logged\n"
    )
    print("| | half-way | at the end | all gone | slope an hour |\n|---|---|---|---|---|")
    for what in ("megabytes", "handles", "threads", "files"):
        values = [getattr(each, what) for each in (first, looks[-2], last)]
        print(f"| {what} | " + " | ".join(f"{value:.0f}" for value in values) + f" | {slope(looks, what):+.1f} |")
    print("\n".join(sorted(set(town.faults))[:10]))


if __name__ == "__main__":
    main()
