"""A long day in a short time: visitors come, upload, draw, look, train and go; what of them stays behind?

    python benchmarks/soak.py --minutes 60

Starts the server, lets so many visitors at a time come and go without a pause, and every few seconds notes the
server's memory, open handles, threads and temporary files. What stays behind is seen from when all have gone after a
first minute to when all have gone at the end; the slopes are fitted by least squares over the last half of the time
between.
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
MINUTES_OF_WARMING_UP = 1.0
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


@dataclass(frozen=True)
class Day:
    """What was seen of the server, and what its visitors have to say.

    Attributes:
        before: when the visitors of the first minute had gone.
        looks: while others came and went.
        after: when all had gone.
        visits: all of these.
        faults: why a visit failed.
    """

    before: Look
    looks: list[Look]
    after: Look
    visits: int
    faults: list[str]


def soak(
    server: Server,
    *,
    minutes: float,
    visitors: int,
    training: bool,
    seed: int = 0,
    warming_up: float = MINUTES_OF_WARMING_UP,
    settling: float = SECONDS_TO_SETTLE,
) -> Day:
    """Look at the server while visitors come and go for so many minutes, and before and after.

    Args:
        server: it.
        minutes: between.
        visitors: at a time.
        training: whether there is a short training now and then.
        seed: decides what they do.
        warming_up: minutes of visits before it begins.
        settling: seconds until those who went are forgotten.
    """
    began = time.monotonic()

    def spend(minutes: float, *, seed: int) -> tuple[Town, list[Look], Look]:
        town, looks = Town(server.url, seed=seed), []
        opened, next_training = time.monotonic(), 0.0
        town.open(visitors)
        while (now := (time.monotonic() - opened) / 60) < minutes:
            if training and now >= next_training:
                train(server)
                next_training = now + MINUTES_BETWEEN_TRAININGS
            looks.append(look(server, began, town.visits))
            time.sleep(min(SECONDS_BETWEEN_LOOKS, 60 * minutes))
        town.close()
        time.sleep(settling)
        Visitor(server.url).close()  # sessions past their time are forgotten when another one comes
        time.sleep(min(SECONDS_BETWEEN_LOOKS, settling))
        return town, looks, look(server, began, town.visits)

    first, _, before = spend(warming_up, seed=seed)
    town, looks, after = spend(minutes, seed=seed + 1)
    return Day(before, looks, after, first.visits + town.visits, first.faults + town.faults)


def slope(looks: list[Look], what: str) -> float:
    """How much of it an hour adds, by least squares over the last half of the looks."""
    late = looks[len(looks) // 2 :]
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
            day = soak(
                server, minutes=arguments.minutes, visitors=arguments.visitors, training=not arguments.no_training
            )
            tracebacks = server.log.read_text(errors="replace").count('"exception"')
    if arguments.looks:
        arguments.looks.write_text(
            "".join(json.dumps(asdict(each)) + "\n" for each in [day.before, *day.looks, day.after])
        )
    print(
        f"{day.visits} visits in {MINUTES_OF_WARMING_UP + arguments.minutes:g} minutes, "
        f"{len(day.faults)} that failed, {tracebacks} logged\n"
    )
    print("| | before | half-way | at the end | all gone | slope an hour |\n|---|---|---|---|---|---|")
    for what in ("megabytes", "handles", "threads", "files"):
        seen = (day.before, day.looks[len(day.looks) // 2], day.looks[-1], day.after)
        values = " | ".join(f"{getattr(each, what):.0f}" for each in seen)
        print(f"| {what} | {values} | {slope(day.looks, what):+.1f} |")
    print("\n".join(sorted(set(day.faults))[:10]))


if __name__ == "__main__":
    main()
