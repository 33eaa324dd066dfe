import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from siamese_core.control import Control


@pytest.fixture(autouse=True)
def own_signals():
    """Gives the signals back after a test."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def later(number, seconds=0.2):
    threading.Timer(seconds, os.kill, (os.getpid(), number)).start()


def test_nothing_asked_nothing_stopped():
    control = Control()
    assert not control.should_stop()
    assert control.reason is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops(number):
    control = Control()
    os.kill(os.getpid(), number)
    assert control.should_stop()
    assert control.reason == "asked"


PROGRAM = """
import os, signal, sys, threading
from siamese_core.control import Control

control = Control(last_word=lambda error: print(error, flush=True))

def stop():
    os.kill(os.getpid(), signal.SIGTERM)

def busy():
    threading.Event().wait(60)
    print("still there")

exec(sys.argv[1])
"""


def end_of(orders):
    """What a process that follows these orders says, and its exit code."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, orders],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout, ran.returncode, ran.stderr


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("until_first_epoch", "before its first epoch"),
        ("until_made", "before the model was made"),
        ("until_measured", "let it go on to have its model"),
    ],
)
def test_a_stop_while_there_is_nothing_to_wait_for_is_the_end_at_once_with_a_last_word(arm, words):
    said, code, errors = end_of(f"control.{arm}(); stop(); busy()")
    assert (code, errors) == (2, "")
    assert words in said
    assert "still there" not in said


@pytest.mark.parametrize(
    "orders",
    [
        "control.until_first_epoch(); control.epoch_ended(); stop()",
        "control.until_measured(); control.saving(); stop()",
        "stop(); control.until_measured()",
    ],
)
def test_a_stop_that_has_something_to_wait_for_is_left_to_the_training(orders):
    said, code, errors = end_of(f"{orders}; print(control.should_stop(), control.reason)")
    assert (said, code, errors) == ("True asked\n", 0, "")


def test_a_second_stop_does_not_wait_for_the_measuring_that_the_first_one_brought():
    said, code, _ = end_of("stop(); control.should_stop(); control.until_measured(); stop(); busy()")
    assert code == 2
    assert "while it was being measured" in said


def test_when_all_is_kept_a_stop_is_an_end_at_once():
    control = Control()
    control.let_go()
    assert {signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} == {signal.SIG_DFL}
    os.kill(os.getpid(), signal.SIGUSR1)  # which ends nothing: an order that came too late
    assert control.reason is None


def test_a_pause_lasts_until_play_and_is_told():
    told = []
    control = Control(on_pause=told.append)
    os.kill(os.getpid(), signal.SIGUSR1)
    later(signal.SIGCONT)
    began = time.monotonic()
    assert not control.should_stop()
    assert time.monotonic() - began > 0.15
    assert told == [True, False]
    assert not control.should_stop()


def test_a_paused_training_can_be_stopped():
    told = []
    control = Control(on_pause=told.append)
    os.kill(os.getpid(), signal.SIGUSR1)
    later(signal.SIGTERM)
    assert control.should_stop()
    assert told == [True]


def test_a_step_ends_with_the_epoch():
    told = []
    control = Control(on_pause=told.append, one_epoch=True)
    assert not control.should_stop()
    control.epoch_ended()
    later(signal.SIGUSR2)
    assert not control.should_stop()
    assert told == [True, False]
    control.epoch_ended()
    later(signal.SIGCONT)
    assert not control.should_stop()
    control.epoch_ended()
    assert not control.should_stop()
    assert told == [True, False] * 2


def test_time_runs_out_even_in_a_pause():
    control = Control(max_seconds=0.1)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert control.should_stop()
    assert control.reason == "time"
