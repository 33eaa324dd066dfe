"""Live training as a visitor meets it: how soon a stop works, how soon a reload shows the run, and what watching costs.

    python benchmarks/live.py --recipe fast --epochs 6 --rounds 3

Starts a server with models of its own and opens Train in headless Chromium. Each round trains twice, in turn: in the
app, watched, and on the command line, from the start of the process to the saved model without its neighbours' map.
Then a long run is reloaded so many times, and stopped so many times by its button, from the click to the run's own word
that it trains no more.
Prints medians as Markdown, of the trainings also the processor's seconds, which other work on the machine hardly
changes. Needs Linux, requirements-dev.txt and a Chromium.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from siamese_core import jobs, runs
from siamese_core.runs import Run

WAIT_SECONDS = 1_200.0
SECONDS_A_LOOK = 0.02


@dataclass(frozen=True)
class Cost:
    """What a training took from its start to its saved model.

    Attributes:
        seconds: On the clock.
        computing: Of the processor, by the training itself.
        serving: Of the processor, by the server meanwhile.
    """

    seconds: float
    computing: float
    serving: float = 0.0


@contextmanager
def running_server(models: Path) -> Iterator[tuple[str, int]]:
    """A server on a free port that keeps its models in a folder: its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    surroundings = {**os.environ, "SIAMESE_ARTIFACTS": str(models)}
    with subprocess.Popen(
        command, cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def wait_for(condition: Callable[[], Any]) -> Any:
    """What the condition says, once it is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (said := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing happened")
        time.sleep(SECONDS_A_LOOK)
    return said


def computed_by(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def when_said(run: Run, kind: str, models: Path) -> float:
    """When a run says this, in seconds since 1970."""

    def look() -> float | None:
        events = runs.read(run.id, models).events
        return next((event["time"] for event in events if event["event"] == kind), None)

    return float(wait_for(look))


def open_train(page: Page, url: str, query: str) -> None:
    """The page Train with settings from an address, ready for a start."""
    while True:
        try:
            page.goto(f"{url}/train?{query}")
            break
        except Exception:  # the server does not listen yet; Playwright's error has no narrower kind
            time.sleep(0.1)
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()


def start_run(page: Page, name: str, models: Path) -> Run:
    """Start a run by its button."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Start training").click()
    return wait_for(lambda: (run := runs.current(models)) and run.name == name and run)  # type: ignore[no-any-return]


def end_run(run: Run, models: Path) -> None:
    """Stop a run, its map left out, and wait until it has gone."""

    def has_gone() -> bool:
        now = runs.read(run.id, models)
        if now.phase == "drawing":
            jobs.stop(run.id, models)
        return now.state != "running"

    wait_for(has_gone)


def train_in_app(page: Page, url: str, server: int, query: str, name: str, models: Path) -> Cost:
    """A run started by its button and watched to its end."""
    open_train(page, url, query)
    before = computed_by(server)
    run = start_run(page, name, models)
    ended = when_said(run, "finished", models)
    child = int((runs.runs_folder(models) / run.id / "pid").read_text())
    cost = Cost(ended - run.began.timestamp(), computed_by(child), computed_by(server) - before)
    end_run(run, models)
    return cost


def train_on_command_line(recipe: str, epochs: int, name: str, models: Path) -> Cost:
    """The same training without anybody."""
    command = [sys.executable, "-m", "siamese_core", "train", f"--recipe={recipe}", f"--epochs={epochs}"]
    surroundings = {**os.environ, "SIAMESE_ARTIFACTS": str(models)}
    began = time.time()
    with subprocess.Popen(
        [*command, f"--name={name}", "--json"],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        told = map(json.loads, process.stdout or ())
        ended = next(event["time"] for event in told if event["event"] == "finished")
        cost = Cost(ended - began, computed_by(process.pid))
        process.send_signal(signal.SIGINT)
    return cost


def time_reload(page: Page, name: str) -> float:
    """Seconds from a reload to the running state on the screen."""
    began = time.perf_counter()
    page.reload(wait_until="commit")
    page.get_by_test_id("stProgress").get_by_text(name).wait_for()
    return time.perf_counter() - began


def time_stop(page: Page, url: str, recipe: str, name: str, reloads: int, models: Path) -> tuple[list[float], float]:
    """Seconds of so many reloads in mid-run, then from a click on its button to the end of the training."""
    open_train(page, url, f"recipe={recipe}&epochs=200")
    run = start_run(page, name, models)
    wait_for(lambda: runs.read(run.id, models).epochs)
    shown = [time_reload(page, name) for _ in range(reloads)]
    button = page.get_by_role("button", name="Stop training")
    button.wait_for()
    began = time.time()
    button.click()
    stopped = when_said(run, "measuring", models) - began
    end_run(run, models)
    return shown, stopped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3, help="trainings of each kind")
    parser.add_argument("--stops", type=int, default=3)
    parser.add_argument("--reloads", type=int, default=3, help="of each run that is stopped")
    arguments = parser.parse_args()
    query = f"recipe={arguments.recipe}&epochs={arguments.epochs}"
    watched: list[Cost] = []
    alone: list[Cost] = []
    shown: list[float] = []
    stopped: list[float] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        models = Path(folder)
        for name in ("best", "classic"):
            (models / name).symlink_to(ROOT / "artifacts" / name)
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with running_server(models) as (url, server):
            page = chromium.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(1_000 * WAIT_SECONDS)
            for number in range(arguments.rounds):
                watched.append(train_in_app(page, url, server, query, f"app-{number}", models))
                page.goto("about:blank")
                alone.append(train_on_command_line(arguments.recipe, arguments.epochs, f"alone-{number}", models))
            for number in range(arguments.stops):
                reloads, stop = time_stop(page, url, arguments.recipe, f"stop-{number}", arguments.reloads, models)
                shown += reloads
                stopped.append(stop)
        chromium.close()
    print_table(
        {
            f"{query}, in the app, watched, s": [cost.seconds for cost in watched],
            "the same on the command line, s": [cost.seconds for cost in alone],
            "the app above it, %": [above(one.seconds, two.seconds) for one, two in zip(watched, alone, strict=True)],
            "the training's own computing above it, %": [
                above(one.computing, two.computing) for one, two in zip(watched, alone, strict=True)
            ],
            "the server's computing, of the training's, %": [100 * cost.serving / cost.computing for cost in watched],
            "reload in mid-run to the running state, s": shown,
            "click on Stop to the end of the training, s": stopped,
        }
    )


def above(value: float, base: float) -> float:
    """How much higher it is, in percent."""
    return 100 * (value / base - 1)


def print_table(rows: dict[str, list[float]]) -> None:
    """What was measured, as Markdown."""
    print("| | median | worst |")
    print("|---|---|---|")
    for label, values in rows.items():
        if values:
            print(f"| {label} | {statistics.median(values):.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main()
