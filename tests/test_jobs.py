"""Runs as the app starts and follows them. What a child says is written by small programs in its place."""

import json
import os
import signal
import sys
import time

import pytest

from siamese_core import jobs
from siamese_core.errors import BundleError, RunError

EPOCH = {"event": "epoch", "epoch": 1, "epochs": 2, "loss": 1.0, "accuracy": 0.9, "auc": 0.95}


@pytest.fixture
def child(monkeypatch):
    """Lets a test say, as Python, what the child process does instead of training."""

    real = jobs.subprocess.Popen

    def does(program):
        def popen(command, **options):
            return real([sys.executable, "-c", "import json, os, signal, sys, time\n" + program, *command], **options)

        monkeypatch.setattr(jobs.subprocess, "Popen", popen)

    return does


def say(**event):
    return f"print(json.dumps({event!r}), flush=True)\n"


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def ended(run, root):
    wait_for(lambda: jobs.read(run.id, root).state != "running")
    return jobs.read(run.id, root)


WAITS = say(**EPOCH) + "time.sleep(60)\n"


def test_run_is_found_again_from_disk(child, tmp_path):
    child(WAITS)
    run = jobs.start("classic", "mine", epochs=2, seed=3, root=tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).epochs)
    found = jobs.current(tmp_path)
    assert found.id == run.id
    assert found.state == "running"
    assert found.settings == {"recipe": "classic", "name": "mine", "seed": 3, "epochs": 2}
    assert found.epochs == [EPOCH]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_child_is_the_projects_own_command_line(child, tmp_path):
    child("print(json.dumps({'event': 'epoch', 'arguments': sys.argv[1:]}), flush=True)")
    run = ended(jobs.start("classic", "mine", margin=2.0, root=tmp_path), tmp_path)
    arguments = run.events[0]["arguments"]
    assert arguments[1:5] == ["-m", "siamese_core", "train", "--json"]
    assert {"--recipe=classic", "--name=mine", "--margin=2.0", "--seed=0"} <= set(arguments)


def test_second_start_says_what_is_running(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "first", root=tmp_path)
    with pytest.raises(RunError, match="first is being trained"):
        jobs.start("fast", "second", root=tmp_path)
    assert jobs.run_ids(tmp_path) == [run.id]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_next_run_may_start_when_one_has_ended(child, tmp_path):
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    first = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert first.state == "done"
    assert jobs.current(tmp_path) is None
    second = ended(jobs.start("fast", "b", root=tmp_path), tmp_path)
    assert jobs.latest(tmp_path).id == second.id


def test_stopped_run_that_saved_is_called_stopped(child, tmp_path):
    finished = say(event="finished", name="a", stopped=True, kept_epoch=1, metrics={})
    child(f"signal.signal(signal.SIGTERM, lambda *_: [{finished.strip()}, os._exit(0)])\n" + WAITS)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).epochs)
    jobs.stop(run.id, tmp_path)
    assert ended(run, tmp_path).state == "stopped"


def test_failure_is_told_in_the_childs_own_words(child, tmp_path):
    child(say(event="failed", message="The disk is full."))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert (run.state, run.message) == ("failed", "The disk is full.")


def test_killed_child_is_reported_and_leaves_the_slot_free(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).epochs)
    os.kill(int((tmp_path / ".runs" / run.id / "pid").read_text()), signal.SIGKILL)
    run = ended(run, tmp_path)
    assert run.state == "failed"
    assert "killed or run out of memory" in run.message
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    assert ended(jobs.start("fast", "a", root=tmp_path), tmp_path).state == "done"


def test_half_written_line_is_left_for_later(child, tmp_path):
    child(say(**EPOCH) + 'sys.stdout.write(\'{"event": "ep\'); sys.stdout.flush(); time.sleep(60)')
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).epochs)
    assert jobs.read(run.id, tmp_path).events == [EPOCH]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_stopping_an_ended_run_does_nothing(child, tmp_path):
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    jobs.stop(run.id, tmp_path)
    assert jobs.read(run.id, tmp_path).state == "done"


@pytest.mark.parametrize("run_id", ["", "..", "../x", "20260101-000000-123456", "x" * 200])
def test_unknown_run_is_refused(run_id, tmp_path):
    with pytest.raises(RunError, match="no such training run"):
        jobs.read(run_id, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"recipe": "slow"}, RunError, "no recipe 'slow'"),
        ({"epochs": 10_000}, RunError, "epochs must be between"),
        ({"margin": 1.0}, RunError, "has no margin"),
        ({"seed": -1}, RunError, "seed must be between"),
        ({"name": "../x"}, BundleError, "small letters"),
        ({"name": "best"}, RunError, "a model 'best' already"),
    ],
)
def test_bad_settings_start_nothing(arguments, error, reason, tmp_path):
    with pytest.raises(error, match=reason):
        jobs.start(**({"recipe": "fast", "name": "a", "root": tmp_path} | arguments))
    assert jobs.latest(tmp_path) is None


@pytest.mark.slow
def test_real_run_trains_stops_and_keeps_its_best_epoch(tmp_path):
    run = jobs.start("fast", "mine", epochs=100, root=tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).epochs, seconds=120)
    jobs.stop(run.id, tmp_path)
    wait_for(lambda: jobs.read(run.id, tmp_path).state != "running", seconds=60)
    run = jobs.read(run.id, tmp_path)
    assert (run.state, run.message) == ("stopped", None)
    assert json.loads((tmp_path / "mine" / "config.json").read_text())["stopped"]
