"""Runs as the app starts and follows them. What a child says is written by small programs in its place."""

import errno
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from siamese_core import jobs, runs
from siamese_core.architectures import SHAPES
from siamese_core.artifacts import PROJECT_ARTIFACTS, list_names, load_bundle
from siamese_core.errors import BundleError, RunError
from siamese_core.limits import Limits
from siamese_core.moving_map import watched_epochs
from siamese_core.packing import pack_bundle, read_pack
from tests.hostile import packs

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


@pytest.fixture(autouse=True)
def no_orphans(tmp_path):
    """Ends what a test that failed has left running."""
    yield
    for run in runs.read_all(tmp_path):
        if run.state == "running":
            os.kill(int((runs.runs_folder(tmp_path) / run.id / "pid").read_text()), signal.SIGKILL)


def say(**event):
    return f"print(json.dumps({event!r}), flush=True)\n"


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def ended(run, root):
    wait_for(lambda: runs.read(run.id, root).state != "running")
    return runs.read(run.id, root)


WAITS = say(**EPOCH) + "time.sleep(60)\n"


def test_run_is_found_again_from_disk(child, tmp_path):
    child(WAITS)
    run = jobs.start("classic", "mine", epochs=2, seed=3, root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).epochs)
    found = runs.current(tmp_path)
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
    assert arguments[1:4] == ["-m", "siamese_core", "train"]
    assert "--json" in arguments
    assert {"--recipe=classic", "--name=mine", "--margin=2.0", "--seed=0"} <= set(arguments)
    assert "--max-seconds=14400" in arguments
    assert f"--attended={tmp_path / '.runs' / 'attended'}" in arguments


def test_second_start_says_what_is_running(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "first", root=tmp_path)
    with pytest.raises(RunError, match="first is being trained"):
        jobs.start("fast", "second", root=tmp_path)
    assert runs.run_ids(tmp_path) == [run.id]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_next_run_may_start_when_one_has_ended(child, tmp_path):
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    first = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert first.state == "done"
    assert runs.current(tmp_path) is None
    second = ended(jobs.start("fast", "b", root=tmp_path), tmp_path)
    assert runs.latest(tmp_path).id == second.id


def test_stopped_run_that_saved_is_called_stopped(child, tmp_path):
    finished = say(event="finished", name="a", stopped=True, kept_epoch=1, metrics={})
    child(f"signal.signal(signal.SIGTERM, lambda *_: [{finished.strip()}, os._exit(0)])\n" + WAITS)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).epochs)
    jobs.stop(run.id, tmp_path)
    assert ended(run, tmp_path).state == "stopped"


def test_failure_is_told_in_the_childs_own_words(child, tmp_path):
    child(say(event="failed", message="The disk is full."))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert (run.state, run.message) == ("failed", "The disk is full.")


def test_killed_child_is_reported_and_leaves_the_slot_free(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).epochs)
    os.kill(int((tmp_path / ".runs" / run.id / "pid").read_text()), signal.SIGKILL)
    run = ended(run, tmp_path)
    assert run.state == "failed"
    assert "killed or run out of memory" in run.message
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    assert ended(jobs.start("fast", "a", root=tmp_path), tmp_path).state == "done"


def test_half_written_line_is_left_for_later(child, tmp_path):
    child(say(**EPOCH) + 'sys.stdout.write(\'{"event": "ep\'); sys.stdout.flush(); time.sleep(60)')
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).epochs)
    assert runs.read(run.id, tmp_path).events == [EPOCH]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_whoever_asks_whether_a_run_lives_does_not_make_it_live_for_another(child, tmp_path, monkeypatch):
    child("")
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    real, states = fcntl.flock, []

    def locks_and_another_asks(lock, kind):
        real(lock, kind)
        monkeypatch.setattr(fcntl, "flock", real)
        thread = threading.Thread(target=lambda: states.append(runs.read(run.id, tmp_path).state))
        thread.start()
        thread.join()

    monkeypatch.setattr(fcntl, "flock", locks_and_another_asks)
    states.append(runs.read(run.id, tmp_path).state)
    assert states == ["failed", "failed"]


def test_a_run_lives_though_somebody_asked_at_the_moment_it_was_resumed(child, tmp_path, monkeypatch):
    child(LEAVES_CHECKPOINT)
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    asking = (tmp_path / ".runs" / run.id / "alive").open("rb")
    fcntl.flock(asking, fcntl.LOCK_SH)
    real = fcntl.flock

    def asker_goes_when_somebody_waits(lock, kind):
        if not kind & fcntl.LOCK_NB:
            asking.close()
        real(lock, kind)

    monkeypatch.setattr(fcntl, "flock", asker_goes_when_somebody_waits)
    child("time.sleep(60)")
    assert jobs.resume(run.id, root=tmp_path).state == "running"
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_stopping_an_ended_run_does_nothing(child, tmp_path):
    child(say(event="finished", name="a", stopped=False, kept_epoch=1, metrics={}))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    jobs.stop(run.id, tmp_path)
    assert runs.read(run.id, tmp_path).state == "done"


@pytest.mark.parametrize("run_id", ["", "..", "../x", "20260101-000000-123456", "x" * 200])
def test_unknown_run_is_refused(run_id, tmp_path):
    with pytest.raises(RunError, match="no such training run"):
        runs.read(run_id, tmp_path)


@pytest.mark.parametrize("left", ["alive", "settings.json", "events.jsonl"])
def test_what_is_left_of_a_run_that_was_half_deleted_is_no_run_and_in_nobodys_way(child, tmp_path, left):
    child("")
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    for file in {"alive", "settings.json", "events.jsonl"} - {left}:
        (tmp_path / ".runs" / run.id / file).unlink()
    with pytest.raises(RunError, match="no such training run"):
        runs.read(run.id, tmp_path)
    assert (runs.find("a", tmp_path), runs.latest(tmp_path), [*runs.read_all(tmp_path)]) == (None, None, [])
    ended(jobs.start("fast", "a", root=tmp_path), tmp_path)


def test_runs_are_read_without_those_that_go_meanwhile_the_newest_first(child, tmp_path):
    child("")
    oldest, older, newest = (ended(jobs.start("fast", name, root=tmp_path), tmp_path) for name in ("a", "b", "c"))
    found = runs.read_all(tmp_path)
    assert next(found) == newest
    runs.forget(older.id, tmp_path)
    assert [*found] == [oldest]


def test_a_run_whose_folder_the_disk_refuses_is_none_and_the_next_one_starts(child, tmp_path, monkeypatch):
    def refuse_upload(path, content):
        if path.name == "upload.zip":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    write = Path.write_bytes
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", refuse_upload)
        with pytest.raises(OSError, match="No space"):
            jobs.install(pack_bundle("classic"), "theirs", root=tmp_path)
    assert runs.run_ids(tmp_path) == []
    child("")
    run = ended(jobs.start("fast", "theirs", root=tmp_path), tmp_path)
    assert runs.run_ids(tmp_path) == [run.id]


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
    assert runs.latest(tmp_path) is None


STARTED = {"event": "started", "name": "a", "recipe": {}, "seed": 0}
PROGRESS = {"event": "progress", "epoch": 2, "step": 3, "steps": 10}
FINISHED = {"event": "finished", "name": "a", "stopped": True, "stopped_by": "asked", "metrics": {}}
LISTENS = """
heard = []
for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT):
    signal.signal(number, lambda number, _: print(json.dumps({"event": "heard", "signal": int(number)}), flush=True))
"""
LEAVES_CHECKPOINT = """
path = next(part.split("=", 1)[1] for part in sys.argv if part.startswith("--checkpoint="))
open(path, "w").close()
"""


def test_pause_step_and_play_are_signals(child, tmp_path):
    child(LISTENS + say(**STARTED) + say(**PROGRESS) + "time.sleep(60)\n" * 5)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).progress)
    for order, number in ((jobs.pause, signal.SIGUSR1), (jobs.step, signal.SIGUSR2), (jobs.play, signal.SIGCONT)):
        order(run.id, tmp_path)
        wait_for(lambda: runs.read(run.id, tmp_path).events[-1].get("signal") == number)  # noqa: B023
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_a_run_takes_what_visitors_leave(child, tmp_path):
    child(LISTENS + say(**STARTED) + "time.sleep(60)")
    run = jobs.start("fast", "a", root=tmp_path)
    number = int((runs.runs_folder(tmp_path) / run.id / "pid").read_text())
    assert os.getpriority(os.PRIO_PROCESS, number) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_a_run_of_another_machine_is_given_no_order(child, tmp_path, monkeypatch):
    child(LISTENS + say(**STARTED) + say(**PROGRESS) + "time.sleep(60)\n" * 5)
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).progress)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(jobs.socket, "gethostname", lambda: "another-replica")
        elsewhere.setattr(jobs.os, "kill", lambda *_: pytest.fail("whose process is that?"))
        for order in (jobs.pause, jobs.step, jobs.play, jobs.stop):
            with pytest.raises(RunError, match="started by another server"):
                order(run.id, tmp_path)
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_a_run_that_wakes_up_is_told_nothing_but_to_stop(child, tmp_path):
    child("time.sleep(60)")
    run = jobs.start("fast", "a", root=tmp_path)
    assert run.phase == "waking"
    with pytest.raises(RunError, match="still waking up"):
        jobs.pause(run.id, tmp_path)
    jobs.stop(run.id, tmp_path)
    assert ended(run, tmp_path).phase == "over"


def test_a_stop_before_the_process_is_known_goes_to_nobody(child, tmp_path, monkeypatch):
    child(LEAVES_CHECKPOINT)
    known, told = jobs.subprocess.Popen, []

    def is_told_to_stop(command, **options):
        (run,) = runs.read_all(tmp_path)
        with monkeypatch.context() as moment:
            moment.setattr(jobs.os, "kill", lambda *_: pytest.fail("whose process is that?"))
            with pytest.raises(RunError, match="still waking up"):
                jobs.stop(run.id, tmp_path)
        told.append(run.state)
        return known(command, **options)

    monkeypatch.setattr(jobs.subprocess, "Popen", is_told_to_stop)
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    ended(jobs.resume(run.id, root=tmp_path), tmp_path)
    assert told == ["running", "running"]


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([STARTED], "waking"),
        ([STARTED, PROGRESS], "training"),
        ([STARTED, PROGRESS, {"event": "paused"}], "paused"),
        ([STARTED, PROGRESS, {"event": "paused"}, {"event": "playing"}], "training"),
        ([STARTED, PROGRESS, EPOCH, {"event": "measuring"}], "measuring"),
        ([STARTED, PROGRESS, EPOCH, {"event": "measuring"}, FINISHED], "drawing"),
    ],
)
def test_the_phase_is_what_was_said_last(child, tmp_path, events, phase):
    child("".join(say(**event) for event in events) + "time.sleep(60)")
    run = jobs.start("fast", "a", root=tmp_path)
    wait_for(lambda: len(runs.read(run.id, tmp_path).events) == len(events))
    assert runs.read(run.id, tmp_path).phase == phase
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


@pytest.mark.parametrize(
    "end", ["", say(event="drawn", fingerprint="1"), say(event="failed", message="The disk is full.")]
)
def test_a_run_whose_model_is_saved_has_not_failed_whatever_becomes_of_the_map(child, tmp_path, end):
    child(say(**STARTED) + say(**EPOCH) + say(**FINISHED, fingerprint="0") + end)
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert (run.state, run.message) == ("stopped", None)
    assert runs.fingerprint(run.id, tmp_path) == ("1" if "drawn" in end else "0")


def test_a_resumed_run_that_dies_at_once_has_failed_though_it_had_ended_well_before(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    run = ended(jobs.start("fast", "a", epochs=3, root=tmp_path), tmp_path)
    child("os._exit(1)")
    assert ended(jobs.resume(run.id, root=tmp_path), tmp_path).state == "failed"


def test_only_the_newest_progress_is_read(child, tmp_path):
    newer = PROGRESS | {"step": 4}
    child(say(**STARTED) + say(**PROGRESS) + say(**EPOCH) + say(**newer) + say(event="failed", message="x"))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert [event["event"] for event in run.events] == ["started", "epoch", "progress", "failed"]
    assert run.progress == newer


def test_a_resumed_run_is_the_same_run(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    first = ended(jobs.start("fast", "a", epochs=3, seed=5, root=tmp_path), tmp_path)
    assert (first.state, first.stopped_by, first.resumable) == ("stopped", "asked", True)
    says_arguments = "print(json.dumps({'event': 'said', 'arguments': sys.argv[1:]}), flush=True)\n"
    child("time.sleep(0.3)\n" + say(**STARTED) + says_arguments + "time.sleep(60)")
    run = jobs.resume(first.id, epochs=7, one_epoch=True, root=tmp_path)
    assert (run.id, run.state, run.phase) == (first.id, "running", "waking")
    assert run.epochs == [EPOCH]
    assert run.settings == first.settings | {"epochs": 7}
    wait_for(lambda: runs.read(run.id, tmp_path).events[-1]["event"] == "said")
    run = runs.read(run.id, tmp_path)
    assert run.epochs == []
    assert [event["event"] for event in run.events] == ["resumed", "started", "said"]
    assert first.began.timestamp() < run.events[0]["time"] <= time.time()
    assert {"--replace", "--resume", "--one-epoch", "--epochs=7", "--seed=5"} <= set(run.events[-1]["arguments"])
    jobs.stop(run.id, tmp_path)
    assert ended(run, tmp_path).state == "failed"


def test_a_resumed_run_has_to_keep_to_the_limits_with_its_own_settings(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    limits = Limits(max_batch_size=128)
    run = ended(jobs.start("fast", "a", epochs=3, batch_size=128, limits=limits, root=tmp_path), tmp_path)
    with pytest.raises(RunError, match="batch size"):
        jobs.resume(run.id, limits=Limits(max_batch_size=64), root=tmp_path)
    assert ended(jobs.resume(run.id, limits=limits, root=tmp_path), tmp_path).settings["batch_size"] == 128


def test_a_run_without_checkpoint_or_epochs_left_is_not_resumed(child, tmp_path):
    child(say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    with pytest.raises(RunError, match="nothing to go on from"):
        jobs.resume(run.id, root=tmp_path)
    (tmp_path / ".runs" / run.id / "checkpoint.npz").touch()
    with pytest.raises(RunError, match="learned for 1 epochs already"):
        jobs.resume(run.id, epochs=1, root=tmp_path)


def test_a_model_that_another_hand_made_is_not_replaced(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(**FINISHED, fingerprint="0"))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / "a")
    with pytest.raises(RunError, match="another one now"):
        jobs.resume(run.id, root=tmp_path)


ALONE = {"event": "alone", "time": 0.0}


@pytest.mark.parametrize(("told", "options"), [([], set()), ([{"event": "paused"}], {"--one-epoch"})])
def test_a_run_that_was_left_alone_goes_on_with_the_next_server(child, tmp_path, told, options):
    child(LEAVES_CHECKPOINT + "".join(say(**event) for event in [STARTED, EPOCH, *told, ALONE]))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    assert (run.state, run.message, run.left_alone) == ("failed", runs.LEFT_ALONE, True)
    child("print(json.dumps({'event': 'said', 'arguments': sys.argv[1:]}), flush=True)")
    again = jobs.take_up(root=tmp_path)
    assert again.id == run.id
    said = ended(run, tmp_path).events[-1]["arguments"]
    assert {"--resume"} | options <= set(said)
    assert "--one-epoch" in said or not options
    assert jobs.take_up(root=tmp_path) is None  # its last word is another one now


def test_what_ended_otherwise_is_not_taken_up(child, tmp_path):
    assert jobs.take_up(root=tmp_path) is None
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH))
    assert ended(jobs.start("fast", "a", root=tmp_path), tmp_path).message == runs.WITHOUT_A_WORD
    assert jobs.take_up(root=tmp_path) is None


def test_a_word_that_was_cut_short_is_passed_over(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + 'sys.stdout.write(\'{"event": "pro\')')
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    child("time.sleep(60)")
    again = jobs.resume(run.id, root=tmp_path)
    assert [event["event"] for event in again.events] == ["started", "epoch", "resumed"]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_a_run_that_failed_after_its_last_epoch_goes_on_to_its_end(child, tmp_path):
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(event="measuring"))
    run = ended(jobs.start("fast", "a", epochs=1, root=tmp_path), tmp_path)
    child(say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    assert ended(jobs.resume(run.id, root=tmp_path), tmp_path).state == "stopped"


def test_the_model_of_a_run_that_was_resumed_in_vain_is_still_its_own(child, tmp_path):
    shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / "model")
    made = load_bundle("model", tmp_path).fingerprint
    child(LEAVES_CHECKPOINT + say(**STARTED) + say(**EPOCH) + say(**FINISHED, fingerprint=made))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    (tmp_path / "model").rename(tmp_path / "a")
    for _ in range(2):
        child(say(**STARTED) + say(**EPOCH))
        assert ended(jobs.resume(run.id, epochs=3, root=tmp_path), tmp_path).state == "failed"


def test_limits_hold_before_anything_is_started(tmp_path):
    for limits, reason in (
        (Limits(max_epochs=1), "may be 1 at most"),
        (Limits(read_only=True), "looking only"),
        (Limits(max_megabytes=1e-9), "delete one first"),
    ):
        (tmp_path / "file").write_text("something")
        with pytest.raises(RunError, match=reason):
            jobs.start("fast", "a", epochs=2, limits=limits, root=tmp_path)
    assert runs.latest(tmp_path) is None


def test_a_model_and_its_run_are_renamed_and_deleted_together(child, tmp_path):
    child(say(**STARTED) + say(**EPOCH) + say(**FINISHED))
    run = ended(jobs.start("fast", "a", root=tmp_path), tmp_path)
    shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / "a")
    jobs.rename("a", "b", root=tmp_path)
    assert (list_names(tmp_path), runs.find("b", tmp_path).id, runs.find("a", tmp_path)) == (["b"], run.id, None)
    with pytest.raises(RunError, match="a model 'best' already"):
        jobs.rename("b", "best", root=tmp_path)
    with pytest.raises(RunError, match="looking only"):
        jobs.delete("b", limits=Limits(read_only=True), root=tmp_path)
    jobs.delete("b", root=tmp_path)
    assert (list_names(tmp_path), runs.run_ids(tmp_path)) == ([], [])
    with pytest.raises(BundleError, match="no model 'b'"):
        jobs.delete("b", root=tmp_path)


def test_a_model_in_training_is_neither_renamed_nor_deleted(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "a", root=tmp_path)
    for change in (lambda: jobs.rename("a", "b", root=tmp_path), lambda: jobs.delete("a", root=tmp_path)):
        with pytest.raises(RunError, match="is being trained"):
            change()
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_the_name_that_a_run_will_give_its_model_is_taken(child, tmp_path):
    child(WAITS)
    run = jobs.start("fast", "b", root=tmp_path)
    shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / "a")
    with pytest.raises(RunError, match="The model b is being trained"):
        jobs.rename("a", "b", root=tmp_path)
    assert list_names(tmp_path) == ["a"]
    jobs.stop(run.id, tmp_path)
    ended(run, tmp_path)


def test_an_upload_is_checked_before_anything_is_written(child, tmp_path):
    for content, name, limits, error, reason in (
        (b"PK", "theirs", None, BundleError, "damaged"),
        (pack_bundle("classic"), "best", None, RunError, "already"),
        (pack_bundle("classic"), "theirs", Limits(read_only=True), RunError, "looking only"),
        (pack_bundle("classic"), "theirs", Limits(max_megabytes=0.1), RunError, "delete one first"),
    ):
        with pytest.raises(error, match=reason):
            jobs.install(content, name, limits=limits, root=tmp_path)
    assert os.listdir(tmp_path) == []


def test_an_upload_is_a_run_that_builds_the_model_anew(child, tmp_path):
    child("print(json.dumps({'event': 'failed', 'message': ' '.join(sys.argv[4:])}), flush=True)")
    run = ended(jobs.install(pack_bundle("classic"), "theirs", root=tmp_path), tmp_path)
    pack = tmp_path / ".runs" / run.id / "upload.zip"
    attended = tmp_path / ".runs" / "attended"
    assert run.message == f"install {pack} --name=theirs --attended={attended} --json --max-seconds=14400"
    assert read_pack(pack.read_bytes()).recipe == run.recipe


@pytest.mark.slow
def test_what_comes_back_from_a_pack_is_the_same_model(tmp_path):
    run = jobs.install(pack_bundle("classic"), "theirs", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).state != "running", seconds=400)
    assert (runs.read(run.id, tmp_path).state, runs.read(run.id, tmp_path).message) == ("done", None)
    theirs, ours = load_bundle("theirs", tmp_path), load_bundle("classic")
    assert theirs.threshold == pytest.approx(ours.threshold, abs=1e-6)
    assert theirs.metrics["all_pairs"] == pytest.approx(ours.metrics["all_pairs"], abs=1e-6)
    np.testing.assert_allclose(theirs.gallery_embeddings, ours.gallery_embeddings, atol=1e-5)


@pytest.mark.slow
def test_weights_that_give_no_distances_are_refused_by_the_run(tmp_path):
    huge = {name.replace("/", "__"): np.full(shape, 1e6, np.float32) for name, shape in SHAPES["classic"].items()}
    run = jobs.install(packs.weights(**huge), "theirs", root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).state != "running", seconds=400)
    assert "no training gives" in runs.read(run.id, tmp_path).message
    assert list_names(tmp_path) == []


@pytest.mark.slow
def test_real_run_trains_stops_keeps_its_best_epoch_and_goes_on(tmp_path):
    run = jobs.start("fast", "mine", epochs=100, root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).epochs, seconds=400)
    jobs.stop(run.id, tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).state != "running", seconds=400)
    assert json.loads((tmp_path / "mine" / "config.json").read_text())["stopped"]
    run = runs.read(run.id, tmp_path)
    assert (run.state, run.message, run.stopped_by) == ("stopped", None, "asked")
    assert load_bundle("mine", tmp_path).embedding_map.neighbourly is None

    done = len(run.epochs)
    jobs.resume(run.id, epochs=done + 1, root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).phase == "measuring", seconds=400)
    jobs.stop(run.id, tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).state != "running", seconds=400)
    unmeasured = runs.read(run.id, tmp_path)
    assert (unmeasured.state, len(unmeasured.epochs)) == ("failed", done + 1)
    assert "let it go on to have its model" in unmeasured.message
    assert runs.fingerprint(run.id, tmp_path) == load_bundle("mine", tmp_path).fingerprint  # the earlier one stands

    jobs.resume(run.id, one_epoch=True, root=tmp_path)
    wait_for(lambda: runs.read(run.id, tmp_path).state != "running", seconds=400)
    resumed = runs.read(run.id, tmp_path)
    assert resumed.state == "done"
    assert runs.fingerprint(run.id, tmp_path) == load_bundle("mine", tmp_path).fingerprint
    assert resumed.epochs[:-1] == [
        epoch | {"time": again["time"], "epochs": again["epochs"]}
        for epoch, again in zip(run.epochs, resumed.epochs[:-1], strict=True)
    ]
    drawn = load_bundle("mine", tmp_path).embedding_map
    assert {0, done, done + 1} <= set(drawn.epochs.tolist())
    assert drawn.neighbourly is not None
    assert watched_epochs(runs.map_folder(run.id, tmp_path)) == list(range(done + 2))
