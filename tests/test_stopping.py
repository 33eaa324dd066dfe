"""What a training process does with a stop that comes when its epochs are over. What it builds is only played."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, threading
from dataclasses import dataclass
from siamese_core import __main__ as command_line
from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle
from siamese_core.building import MeasuringEvent, SavingEvent

stopped_at, is_the_end, *options = sys.argv[1:]
model = load_bundle("classic", PROJECT_ARTIFACTS)

@dataclass
class EpochEvent:
    epoch: int = 1

def build_bundle(recipe, name, collection, *, on_event, **_):
    for event in (EpochEvent(), MeasuringEvent(), SavingEvent()):
        on_event(event)
        if type(event).__name__ == stopped_at:
            os.kill(os.getpid(), signal.SIGTERM)
            if is_the_end == "True":
                threading.Event().wait(60)
    return model

command_line.build_bundle = build_bundle
command_line.load_collection = lambda: None
command_line.draw_neighbours = lambda name: model
command_line.main(["train", "--name=mine", *options])
"""


@pytest.fixture
def train(tmp_path):
    """Trains `mine`, which is stopped when it tells an event of this kind."""

    def run(stopped_at, *options, is_the_end=False):
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, stopped_at, str(is_the_end), *options],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "SIAMESE_ARTIFACTS": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def told(ran):
    return [json.loads(line) for line in ran.stdout.splitlines()]


def kinds(ran):
    return [event["event"] for event in told(ran)]


def test_a_run_that_nobody_stops_is_measured_saved_and_drawn(train, tmp_path):
    ran = train("", "--json", f"--checkpoint={tmp_path / 'checkpoint.npz'}")
    assert (kinds(ran), ran.returncode) == (["started", "epoch", "measuring", "saving", "finished", "drawn"], 0)


def test_a_stop_while_it_is_measured_ends_the_run_at_once_and_it_says_how_to_have_its_model(train, tmp_path):
    ran = train("MeasuringEvent", "--json", f"--checkpoint={tmp_path / 'checkpoint.npz'}", is_the_end=True)
    assert (kinds(ran), ran.returncode) == (["started", "epoch", "measuring", "failed"], 2)
    assert "let it go on to have its model" in told(ran)[-1]["message"]


def test_without_a_checkpoint_a_stop_while_it_is_measured_waits_for_the_model(train):
    ran = train("MeasuringEvent", "--json")
    assert (kinds(ran), ran.returncode) == (["started", "epoch", "measuring", "saving", "finished"], 0)


@pytest.mark.parametrize("kind", ["EpochEvent", "SavingEvent"])
def test_a_stop_that_leaves_a_model_leaves_its_map_out(train, tmp_path, kind):
    ran = train(kind, "--json", f"--checkpoint={tmp_path / 'checkpoint.npz'}")
    assert (kinds(ran), ran.returncode) == (["started", "epoch", "measuring", "saving", "finished"], 0)
