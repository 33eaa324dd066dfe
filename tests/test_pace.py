import pytest

from siamese_core.config import RECIPES
from siamese_core.pace import Pace, estimate_seconds, known_pace, remember_pace, seconds_left
from siamese_core.runs import Run

BEGAN = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC


def a_run(*events, recipe="fast", state="done", **settings):
    settings = {"recipe": recipe, "name": "a", "seed": 0, **settings}
    return Run("20260101-000000-000000", state, settings, list(events), None)


def epoch(number, seconds):
    return {"event": "epoch", "epoch": number, "seconds": seconds, "time": BEGAN + 100 * number}


def whole(*seconds, **options):
    return a_run(
        {"event": "started", "time": BEGAN + 4},
        *(epoch(number, each) for number, each in enumerate(seconds, start=1)),
        {"event": "measuring", "time": BEGAN + 50},
        {"event": "finished", "time": BEGAN + 56},
        **options,
    )


def test_an_estimate_is_waking_epochs_and_measuring_without_the_first_epochs_compilation():
    assert estimate_seconds(RECIPES["fast"].changed(epochs=10), [whole(5.0, 1.0, 2.0, 3.0)]) == 4 + 6 + 10 * 2.0


@pytest.mark.parametrize(("told", "waking"), [({"time": BEGAN + 86_400}, 4), ({}, 0)])
def test_an_estimate_does_not_count_the_days_before_a_run_was_resumed(told, waking):
    first = whole(5.0, 1.0, 2.0, 3.0).events
    later = [event | {"time": event["time"] + 86_400} for event in first]
    resumed = a_run({"event": "resumed", **told}, *later)
    assert estimate_seconds(RECIPES["fast"].changed(epochs=10), [resumed]) == waking + 6 + 10 * 2.0


def test_an_estimate_goes_by_what_was_trained_and_not_by_what_was_resumed_in_vain():
    run = whole(5.0, 1.0, 2.0, 3.0)
    in_vain = a_run(*run.events, {"event": "resumed", "time": BEGAN + 86_400}, state="failed")
    recipe = RECIPES["fast"].changed(epochs=10)
    assert estimate_seconds(recipe, [in_vain]) == estimate_seconds(recipe, [run])


def test_one_epoch_is_better_than_none():
    assert estimate_seconds(RECIPES["fast"].changed(epochs=2), [whole(5.0)]) == 4 + 6 + 2 * 5.0


@pytest.mark.parametrize(
    "earlier",
    [
        [],
        [whole(1.0, recipe="classic")],
        [whole(1.0, batch_size=64)],
        [a_run(epoch(1, 1.0), state="failed")],
        [whole()],
    ],
)
def test_what_was_never_measured_here_is_not_estimated(earlier):
    assert estimate_seconds(RECIPES["fast"], earlier) is None


def test_time_left_counts_the_epochs_to_come_and_the_rest_of_this_one():
    progress = {"event": "progress", "epoch": 3, "step": 25, "steps": 100, "seconds": 0.5}
    run = a_run(epoch(1, 9.0), epoch(2, 2.0), progress, state="running", epochs=5)
    assert seconds_left(run) == pytest.approx((0.75 + 2) * 2.0)


def test_time_left_in_the_first_epoch_goes_by_its_own_steps():
    progress = {"event": "progress", "epoch": 1, "step": 25, "steps": 100, "seconds": 0.5}
    assert seconds_left(a_run(progress, state="running", epochs=2)) == pytest.approx(1.75 * 2.0)
    assert seconds_left(a_run(state="running")) is None


def test_a_pace_is_waking_and_epochs():
    assert Pace(waking=5.0, epoch=2.0).seconds(10) == 25.0


def test_a_pace_is_known_of_recipes_that_cost_the_same(tmp_path):
    (tmp_path / ".runs").mkdir()
    fast = RECIPES["fast"]
    remember_pace(fast, Pace(5.0, 2.0), tmp_path)
    remember_pace(RECIPES["classic"], Pace(4.0, 1.0), tmp_path)
    remember_pace(fast, Pace(6.0, 3.0), tmp_path)
    assert known_pace(fast.changed(epochs=9, learning_rate=0.1), tmp_path) == Pace(6.0, 3.0)
    assert known_pace(RECIPES["classic"], tmp_path) == Pace(4.0, 1.0)
    assert known_pace(fast.changed(batch_size=64), tmp_path) is None


@pytest.mark.parametrize("content", [None, "", "{", "[1]"])
def test_a_pace_that_cannot_be_read_is_unknown(tmp_path, content):
    (tmp_path / ".runs").mkdir()
    if content is not None:
        (tmp_path / ".runs" / "pace.json").write_text(content)
    assert known_pace(RECIPES["fast"], tmp_path) is None
