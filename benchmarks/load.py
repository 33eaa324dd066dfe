"""Visitors at once: how long each waits for a distance, what goes wrong, what the server takes.

    python benchmarks/load.py --visitors 1 5 10 20 --seconds 60 [--training classic] [--without-browsers]

Lets so many real browser sessions look at the wall, click it, draw and drag the threshold, with a pause before each
that chance draws. Every click is timed in the page, from the mouse to another distance on the screen ("seen") and,
inside of that, from the question on the socket to the answer ("served"). Chromium works on the same processors as the
server, and much harder: how much each of them computes is in the table, the server's also for each click, whatever else
the visitors did. `--without-browsers` has the same clicks sent by programs that speak the server's protocol, so that
the server is what is measured.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.async_api import Error as BrowserError

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from browsing import Person, chromium
from memory import resident, wait_until_warm
from serving import Server, running_server
from visitor import Visitor

from siamese_core import jobs, runs

ACTIONS = {"click": 0.9, "draw": 0.05, "drag": 0.05}
"""How likely a visitor does what next."""
MOST_ITEMS = 1_000
ROW = (
    "| {label} | {clicks} | {seen} | {served} | {faults} | {each:.0f} | {server:.0f} % | {machine:.0f} % "
    "| {megabytes:.0f} |"
)
HEAD = """\
| visitors | clicks | seen, ms: median / p95 / worst | served, ms: median / p95 | faults | computed a click, ms \
| server computes | whole machine | server, MB |
|---|---|---|---|---|---|---|---|---|"""


@dataclass
class Crowd:
    """What so many visitors have met with.

    Attributes:
        seen: seconds from each click to its distance on the screen.
        served: seconds from each question to its answer.
        faults: in words.
    """

    seen: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Meter:
    """How much the server and the whole machine compute from when it is made until it is stopped.

    Attributes:
        server: the server's share, in percent of one processor.
        machine: everybody's, the same.
        computed: seconds of one processor that the server had.
    """

    def __init__(self, server: Server) -> None:
        self.server = self.machine = self.computed = 0.0
        self._pid = server.pid
        self._began = self._look()

    def stop(self) -> None:
        """Fill in what there is to tell."""
        elapsed, self.computed, machine = self._look() - self._began
        self.server, self.machine = 100 * self.computed / elapsed, 100 * machine / elapsed

    def _look(self) -> np.ndarray:
        """Seconds (3,): by the clock, computed by the server, computed by everybody."""
        own = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        everybody = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4]  # user, nice, system
        ticks = os.sysconf("SC_CLK_TCK")
        return np.array([time.monotonic(), sum(map(int, own)) / ticks, sum(map(int, everybody)) / ticks])


async def with_browsers(server: Server, visitors: int, *, seconds: float, pause: float) -> tuple[Crowd, Meter]:
    """What so many browser sessions met with; they come one by one, then all are there at once."""
    crowd = Crowd()
    async with chromium() as browser:
        people = [await Person.come(browser, server.url, number) for number in range(visitors)]
        meter = Meter(server)
        end = time.monotonic() + seconds
        await asyncio.gather(*(live(person, end, pause) for person in people))
        for person in people:
            seen, served = (await person.timed()).T
            crowd.seen += seen.tolist()
            crowd.served += served.tolist()
            crowd.faults += person.faults
        meter.stop()
        for person in people:
            await person.go()
    return crowd, meter


async def live(person: Person, end: float, pause: float) -> None:
    """Look, do something, look again, until the end."""
    while True:
        await asyncio.sleep(person.rng.exponential(pause))
        if time.monotonic() > end:
            return
        action = person.rng.choice(list(ACTIONS), p=list(ACTIONS.values()))
        try:
            await getattr(person, action)()
        except BrowserError as error:
            person.faults.append(f"{action}: {error.message.splitlines()[0]}")
            return


def without_browsers(server: Server, visitors: int, *, seconds: float, pause: float) -> tuple[Crowd, Meter]:
    """What so many programs met with that send a click and take whatever the server answers."""
    crowd = Crowd()
    pages = [Visitor(server.url, "item_a=0&item_b=9") for _ in range(visitors)]
    meter = Meter(server)
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        rng = np.random.default_rng(number)
        while True:
            time.sleep(rng.exponential(pause))
            if time.monotonic() > end:
                return
            began = time.perf_counter()
            try:
                answer = pages[number].run(item_b=int(rng.integers(0, MOST_ITEMS)))
            except (OSError, TimeoutError) as error:
                crowd.faults.append(f"{type(error).__name__}: {error}")
                return
            crowd.served.append(time.perf_counter() - began)
            crowd.faults += answer.errors

    with ThreadPoolExecutor(visitors) as pool:
        list(pool.map(ask, range(visitors)))
    meter.stop()
    for page in pages:
        page.close()
    return crowd, meter


@contextmanager
def training(server: Server, recipe: str | None) -> Iterator[None]:
    """A run that trains until it is no longer wanted; none without a recipe."""
    if recipe is None:
        yield
        return
    run = jobs.start(recipe, "load", epochs=200, root=server.folder)
    while not runs.read(run.id, server.folder).epochs:
        if runs.read(run.id, server.folder).state != "running":
            raise RuntimeError("the training has ended before its first epoch")
        time.sleep(0.2)
    yield
    if runs.read(run.id, server.folder).state != "running":
        raise RuntimeError("the training has ended before the visitors had gone")
    jobs.stop(run.id, server.folder)


def summary(seconds: list[float], *, worst: bool = False) -> str:
    """Median, 95th percentile and, if wanted, the worst, in ms."""
    if not seconds:
        return ""
    values = [*np.quantile(seconds, [0.5, 0.95]), *([max(seconds)] if worst else [])]
    return " / ".join(f"{1e3 * value:.0f}" for value in values)


def measure(visitors: int, arguments: argparse.Namespace) -> str:
    """A row: so many visitors at a server of their own."""
    options = {"seconds": arguments.seconds, "pause": arguments.pause}
    with running_server() as server:
        wait_until_warm(server.url)
        with training(server, arguments.training):
            if arguments.without_browsers:
                crowd, meter = without_browsers(server, visitors, **options)
            else:
                crowd, meter = asyncio.run(with_browsers(server, visitors, **options))
        megabytes = resident(server.pid)
        crowd.faults += ["logged: exception"] * server.log.read_text(errors="replace").count('"exception"')
    for fault in sorted(set(crowd.faults)):
        print(f"{visitors} visitors: {fault}", file=sys.stderr)
    return ROW.format(
        label=visitors,
        clicks=len(crowd.served),
        seen=summary(crowd.seen, worst=True),
        served=summary(crowd.served),
        faults=len(crowd.faults),
        each=1e3 * meter.computed / max(1, len(crowd.served)),
        server=meter.server,
        machine=meter.machine,
        megabytes=megabytes,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 5, 10, 20])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pause", type=float, default=4.0, help="seconds, mean of an exponential distribution")
    parser.add_argument("--training", metavar="RECIPE", help="of a run that goes on meanwhile")
    parser.add_argument("--without-browsers", action="store_true")
    arguments = parser.parse_args()
    print(f"{arguments.pause:g} s between two actions of a visitor, training: {arguments.training or 'none'}\n\n{HEAD}")
    for visitors in arguments.visitors:
        print(measure(visitors, arguments), flush=True)


if __name__ == "__main__":
    main()
