import subprocess
import sys
from functools import partial

import pytest

from siamese_core import jobs, warm_up
from siamese_core.collection import validation_positions
from siamese_core.config import RECIPES
from siamese_core.errors import RunError
from siamese_core.limits import Limits
from siamese_core.pace import Pace, known_pace
from siamese_core.warm_up import measure_pace

FAST = RECIPES["fast"]


@pytest.fixture
def child(monkeypatch):
    """Lets a test say, as Python, what the child does instead of warming up."""
    real, asked = subprocess.run, []

    def does(program):
        def run(command, **options):
            asked.append(command)
            return real([sys.executable, "-c", program], **options)

        monkeypatch.setattr(warm_up.subprocess, "run", run)
        return asked

    return does


def test_the_child_is_asked_for_this_recipe_and_its_answer_is_kept(child, tmp_path):
    asked = child('print(\'{"waking": 5.0, "epoch": 2.5}\')')
    recipe = FAST.changed(batch_size=64)
    assert measure_pace(recipe, root=tmp_path) == Pace(5.0, 2.5) == known_pace(recipe, tmp_path)
    assert asked[0][1:] == ["-m", "siamese_core", "pace", "--recipe=fast", "--batch-size=64", "--json"]


@pytest.mark.parametrize("program", ["import sys; sys.exit(2)", "", "print('[]')", "print('{\"waking\": 1}')"])
def test_a_child_that_says_nothing_of_use_is_told_in_words(child, tmp_path, program):
    child(program)
    with pytest.raises(RunError, match="could not be measured"):
        measure_pace(FAST, root=tmp_path)
    assert known_pace(FAST, tmp_path) is None


def test_a_child_that_takes_too_long_is_ended(child, tmp_path, monkeypatch):
    monkeypatch.setattr(warm_up, "SECONDS_ALLOWED", 0.1)
    child("import time; time.sleep(60)")
    with pytest.raises(RunError, match="could not be measured"):
        measure_pace(FAST, root=tmp_path)


def test_nothing_is_measured_while_a_run_has_the_slot_nor_the_other_way_round(child, tmp_path):
    (tmp_path / ".runs").mkdir()
    with (tmp_path / ".runs" / "slot").open("ab") as slot:
        assert warm_up.take(slot)
        with pytest.raises(RunError, match="or a measurement, is going on"):
            measure_pace(FAST, root=tmp_path)
        with pytest.raises(RunError, match="or a measurement, is going on"):
            jobs.start("fast", "mine", root=tmp_path)


def test_a_server_for_looking_only_measures_nothing(tmp_path):
    with pytest.raises(RunError, match="looking only"):
        measure_pace(FAST, limits=Limits(read_only=True), root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_second_of_warming_up_finds_a_pace(tiny, monkeypatch):
    monkeypatch.setattr(warm_up, "validation_positions", partial(validation_positions, count=100))
    pace = warm_up.warm_up(FAST.changed(batch_size=8), tiny)
    assert pace.waking > pace.epoch > 0
