import os
import signal
import threading
import time

import pytest

from siamese_core.control import Control
from siamese_core.errors import RunError


@pytest.fixture(autouse=True)
def own_signals():
    """Gives the signals back after a test."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
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


def test_a_stop_before_there_is_anything_to_keep_does_not_wait_for_a_step():
    control = Control()
    control.until_first_epoch()
    with pytest.raises(RunError, match="before its first epoch"):
        os.kill(os.getpid(), signal.SIGTERM)
    control = Control()
    control.until_first_epoch()
    control.epoch_ended()
    os.kill(os.getpid(), signal.SIGTERM)
    assert control.should_stop()


def test_a_stop_before_the_model_is_made_waits_for_nothing():
    control = Control()
    control.until_saved()
    with pytest.raises(RunError, match="before the model was made"):
        os.kill(os.getpid(), signal.SIGTERM)


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
