"""What the server takes: idle, by visitors who have seen every page, by clicks, by trainings.

    python benchmarks/memory.py --sessions 10 --clicks 1000 --trainings 0

Starts the server, reads its resident memory when it is warm, then lets one real browser session after the other open
every page and stay; then one of them clicks on, or with `--sent` another one who needs no browser; then short trainings
run one after the other, each in its process, whose peak is read as well. Slopes are by least squares. Prints Markdown.
"""

import argparse
import asyncio
import json
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
from playwright.async_api import Browser

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from browsing import Person, chromium
from serving import Server, running_server
from visitor import Visitor

from siamese_core import jobs, runs

CLICKS_A_LOOK = 50
MOST_ITEMS = 1_000
SECONDS_A_LOOK = 0.05


def resident(pid: int, what: str = "VmRSS") -> float:
    """Megabytes that a process holds now, or has held at most (`VmHWM`)."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status[what].split()[0]) / 1024


def wait_until_warm(url: str) -> None:
    """Return when the server says that nobody would wait for anything."""
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310  (our own address)
                if json.load(answer)["ready"]:
                    return
        except OSError:
            time.sleep(0.1)


async def invite(browser: Browser, server: Server, count: int) -> tuple[list[Person], list[float]]:
    """So many visitors who have opened every page, and the server's megabytes after each of them."""
    people, megabytes = [], []
    for number in range(count):
        person = await Person.come(browser, server.url, number)
        await person.look_everywhere()
        people.append(person)
        megabytes.append(resident(server.pid))
        print(f"visitor {number + 1}: {megabytes[-1]:.1f} MB", file=sys.stderr)
    return people, megabytes


async def click_on(person: Person, server: Server, count: int) -> list[float]:
    """The server's megabytes after every `CLICKS_A_LOOK` clicks of one visitor, and before the first."""
    megabytes = [resident(server.pid)]
    for number in range(1, count + 1):
        await person.click()
        if number % CLICKS_A_LOOK == 0:
            megabytes.append(resident(server.pid))
            print(f"click {number}: {megabytes[-1]:.1f} MB", file=sys.stderr)
    return megabytes


def send_clicks(server: Server, count: int) -> list[float]:
    """The same for a visitor without a browser, who sends the clicks and reads whatever the server answers."""
    rng = np.random.default_rng(0)
    with Visitor(server.url, "item_a=0&item_b=9") as page:
        megabytes = [resident(server.pid)]
        for number in range(1, count + 1):
            page.run(item_b=int(rng.integers(0, MOST_ITEMS)))
            if number % CLICKS_A_LOOK == 0:
                megabytes.append(resident(server.pid))
    return megabytes


def train(server: Server, recipe: str) -> tuple[float, float]:
    """The server's megabytes after a training of one epoch, and the child's peak."""
    if (server.folder / "memory").exists():
        jobs.delete("memory", root=server.folder)
    run = jobs.start(recipe, "memory", epochs=1, root=server.folder)
    child, peak = 0, 0.0
    while runs.read(run.id, server.folder).state == "running":
        try:
            child = child or int((runs.runs_folder(server.folder) / run.id / "pid").read_text())
            peak = max(peak, resident(child, "VmHWM"))
        except (OSError, KeyError, ValueError):
            pass  # not there yet, or gone already
        time.sleep(SECONDS_A_LOOK)
    return resident(server.pid), peak


def slope(values: list[float]) -> float:
    """What each further one adds, by least squares."""
    return float(np.polyfit(range(len(values)), values, 1)[0]) if len(values) > 1 else float("nan")


async def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Every row of the table."""
    with running_server() as server:
        wait_until_warm(server.url)
        rows = {"idle, warm": resident(server.pid)}
        async with chromium() as browser:
            people, megabytes = await invite(browser, server, arguments.sessions)
            rows |= {f"{number} who have seen every page": megabytes[number - 1] for number in marks(megabytes)}
            rows["a further visitor"] = slope(megabytes)
            rows["a further visitor, over the later half"] = slope(megabytes[len(megabytes) // 2 :])
            if arguments.clicks:
                if arguments.sent:
                    clicked = await asyncio.to_thread(send_clicks, server, arguments.clicks)
                else:
                    clicked = await click_on(people[0], server, arguments.clicks)
                rows[f"{arguments.clicks} clicks later"] = clicked[-1]
                rows[f"growth over {arguments.clicks} clicks"] = clicked[-1] - clicked[0]
                late = clicked[len(clicked) // 2 :]
                rows["growth a thousand clicks, by the later half"] = slope(late) * 1_000 / CLICKS_A_LOOK
            faults = sorted({fault for person in people for fault in person.faults})
            for person in people:
                await person.go()
        if arguments.trainings:
            trained = [await asyncio.to_thread(train, server, arguments.recipe) for _ in range(arguments.trainings)]
            after, peaks = zip(*trained, strict=True)
            rows[f"the server after {arguments.trainings} trainings"] = after[-1]
            rows["a further training"] = slope(list(after))
            rows[f"peak of a training's process, {arguments.recipe}"] = max(peaks)
        if faults:
            print("\n".join(faults), file=sys.stderr)
        return rows


def marks(megabytes: list[float]) -> list[int]:
    """Numbers of visitors that get a row: 1, 10, 50 and the last."""
    return [number for number in sorted({1, 10, 50, len(megabytes)}) if 0 < number <= len(megabytes)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--clicks", type=int, default=1_000)
    parser.add_argument("--sent", action="store_true", help="the clicks by a program, not in a browser: much quicker")
    parser.add_argument("--trainings", type=int, default=0)
    parser.add_argument("--recipe", default="fast")
    rows = asyncio.run(measure(parser.parse_args()))
    print("| | MB |\n|---|---|")
    print("\n".join(f"| {label} | {value:.1f} |" for label, value in rows.items()))


if __name__ == "__main__":
    main()
