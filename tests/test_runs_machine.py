"""Runs through every order of events that chance finds: what the disk says is always what has happened."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from siamese_core import jobs, runs
from siamese_core.errors import RunError
from siamese_core.runs import LEFT_ALONE, WITHOUT_A_WORD

SECONDS = 60.0
CHILD = r"""
import json, os, signal, sys
options = dict(part[2:].split("=", 1) for part in sys.argv if part.startswith("--") and "=" in part)
name, checkpoint = options["name"], options["checkpoint"]

def say(event, **values):
    sys.stdout.write(json.dumps({"event": event, "name": name, **values}) + "\n")
    sys.stdout.flush()

def finish(stopped):
    say("finished", stopped=stopped, stopped_by="asked" if stopped else None, metrics={})
    os._exit(0)

done = int(open(checkpoint).read()) if "--resume" in sys.argv else 0
signal.signal(signal.SIGTERM, lambda *_: finish(True))
signal.signal(signal.SIGUSR1, lambda *_: say("paused"))
signal.signal(signal.SIGCONT, lambda *_: say("playing"))
say("started")
for epoch in range(1, done + 1):
    say("epoch", epoch=epoch)
say("progress", epoch=done + 1, step=1, steps=2)
while order := open(os.environ["ORDERS"]).read():
    if order == "epoch":
        done += 1
        open(checkpoint, "w").write(str(done))
        say("epoch", epoch=done)
    elif order == "finish":
        finish(False)
    else:
        say(order, **({"message": "The disk is full."} if order == "failed" else {}))
        os._exit(1)
"""
"""Does at once what it is ordered to, through a pipe; what it says is a real training's, in its order."""


@dataclass
class Expected:
    """What is known of a run."""

    id: str
    name: str
    state: str = "running"
    message: str | None = None
    paused: bool = False
    epochs: int = 0


class Runs(RuleBasedStateMachine):
    """Orders to runs, and accidents."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.orders = self.root / "orders"
        os.mkfifo(self.orders)
        self.known: dict[str, Expected] = {}
        self.last: Expected | None = None
        self.clock_back = 0
        real = subprocess.Popen

        def popen(command: list[str], **options: object) -> object:
            environment = {**os.environ, "ORDERS": str(self.orders)}
            return real([sys.executable, "-I", "-S", "-c", CHILD, *command], **{**options, "env": environment})

        self.patches = [mock.patch.object(jobs.subprocess, "Popen", popen)]
        for patch in self.patches:
            patch.start()

    def teardown(self) -> None:
        if self.running:
            os.kill(self._pid(), signal.SIGKILL)
            self._wait(lambda run: run.state != "running")
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.root)

    @property
    def running(self) -> bool:
        return self.last is not None and self.last.state == "running"

    @rule(name=st.sampled_from(["shirt", "boot", "bag"]))
    def start(self, name: str) -> None:
        if self.running:
            with pytest.raises(RunError, match="is being trained"):
                jobs.start("fast", name, epochs=100, root=self.root)
            return
        run = jobs.start("fast", name, epochs=100, root=self.root)
        self.known = {known: expected for known, expected in self.known.items() if expected.name != name}
        self.last = self.known[run.id] = Expected(run.id, name)
        self._wait(lambda run: run.phase == "training")

    @precondition(lambda self: self.running)
    @rule()
    def epoch(self) -> None:
        self._order("epoch")
        self.last.epochs += 1
        self._wait(lambda run: len(run.epochs) == self.last.epochs)
        self.last.paused = False

    @precondition(lambda self: self.running and not self.last.paused)
    @rule()
    def pause(self) -> None:
        jobs.pause(self.last.id, self.root)
        self._wait(lambda run: run.phase == "paused")
        self.last.paused = True

    @precondition(lambda self: self.running and self.last.paused)
    @rule()
    def play(self) -> None:
        jobs.play(self.last.id, self.root)
        self._wait(lambda run: run.phase == "training")
        self.last.paused = False

    @precondition(lambda self: self.running)
    @rule(end=st.sampled_from(["finish", "failed", "alone", "killed", "stop"]))
    def end(self, end: str) -> None:
        if end == "killed":
            os.kill(self._pid(), signal.SIGKILL)
        elif end == "stop":
            jobs.stop(self.last.id, self.root)
        else:
            self._order(end)
        self._wait(lambda run: run.state != "running")
        self.last.state = {"finish": "done", "stop": "stopped"}.get(end, "failed")
        self.last.message = {"failed": "The disk is full.", "alone": LEFT_ALONE, "killed": WITHOUT_A_WORD}.get(end)

    @precondition(lambda self: self.last is not None and not self.running)
    @rule()
    def stop_again(self) -> None:
        jobs.stop(self.last.id, self.root)

    @precondition(lambda self: self.last is not None and not self.running)
    @rule()
    def resume(self) -> None:
        if not self.last.epochs:
            with pytest.raises(RunError, match="nothing to go on from"):
                jobs.resume(self.last.id, root=self.root)
            return
        jobs.resume(self.last.id, root=self.root)
        self._goes_on()

    @precondition(lambda self: not self.running)
    @rule()
    def next_server(self) -> None:
        taken_up = jobs.take_up(root=self.root)
        may = self.last is not None and self.last.message == LEFT_ALONE and self.last.epochs > 0
        assert (taken_up is not None) == may
        if may:
            self._goes_on()

    @precondition(lambda self: self.last is not None and not self.running)
    @rule()
    def delete(self) -> None:
        jobs.delete(self.last.name, root=self.root) if self._has_model() else runs.forget(self.last.id, self.root)
        del self.known[self.last.id]
        latest = runs.latest(self.root)
        self.last = self.known[latest.id] if latest else None

    @precondition(lambda self: self.running)
    @rule()
    def set_clock_back(self) -> None:
        """All that older runs have left is then younger than what the running one says."""
        for known in self.known.values():
            if known is not self.last:
                stamp = time.time() + 3600
                os.utime(self.root / ".runs" / known.id / "events.jsonl", (stamp, stamp))

    @invariant()
    def the_disk_says_what_has_happened(self) -> None:
        assert runs.run_ids(self.root) == sorted(self.known)
        for expected in self.known.values():
            run = runs.read(expected.id, self.root)
            assert (run.name, run.state, run.message) == (expected.name, expected.state, expected.message)
            assert [epoch["epoch"] for epoch in run.epochs] == list(range(1, expected.epochs + 1))
            assert {event["name"] for event in run.events if "name" in event} <= {expected.name}
            assert run.resumable == (expected.state != "running" and expected.epochs > 0)
        current = runs.current(self.root)
        assert (current.id if current else None) == (self.last.id if self.running else None)

    def _goes_on(self) -> None:
        self.last.state, self.last.message, self.last.paused = "running", None, False
        self._wait(lambda run: run.phase == "training")

    def _has_model(self) -> bool:
        return (self.root / self.last.name).exists()

    def _order(self, order: str) -> None:
        self.orders.write_text(order)

    def _pid(self) -> int:
        return int((self.root / ".runs" / self.last.id / "pid").read_text())

    def _wait(self, condition) -> None:
        end = time.monotonic() + SECONDS
        while not condition(runs.read(self.last.id, self.root)):
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.005)


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=6,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
