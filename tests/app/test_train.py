"""The page Train, in AppTest: the runs are made up here; real ones are the browser tests' business."""

from pathlib import Path
from typing import Any

import pytest

from siamese_core import jobs, runs
from siamese_core.artifacts import list_names, load_bundle
from siamese_core.errors import RunError
from tests.app.conftest import OpenApp, component_data, ship

STARTED = {"event": "started", "name": "mine", "recipe": {"name": "fast", "epochs": 4}, "seed": 0}
EPOCHS = [
    {
        "event": "epoch",
        "epoch": epoch,
        "epochs": 4,
        "loss": 1.0 / epoch,
        "accuracy": 0.9 + epoch / 100,
        "auc": 0.95 + epoch / 100,
        "threshold": 0.7,
        "seconds": 1.5,
        "images_per_second": 30_000.0,
    }
    for epoch in (1, 2)
]


def a_run(state: str, events: list[dict[str, Any]], message: str | None = None) -> runs.Run:
    return runs.Run("20260101-000000-abcdef", state, {"recipe": "fast", "name": "mine", "seed": 0}, events, message)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch):
    """Lets the app see this run as the newest one."""

    def install(run: runs.Run) -> None:
        monkeypatch.setattr(runs, "latest", lambda: run)
        monkeypatch.setattr(runs, "current", lambda: run if run.state == "running" else None)

    return install


@pytest.fixture
def own_models(own_artifacts: Path) -> Path:
    """Both shipped models and one that a visitor has made, `mine`."""
    for name in ("best", "classic"):
        ship(name, own_artifacts)
    ship("classic", own_artifacts, as_name="mine")
    return own_artifacts


def test_opens_with_the_form_the_models_and_the_network(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train")
    assert not app.exception
    assert app.button(key="start").label == "Start training"
    assert app.text_input(key="train_fast_name").value == "my-fast"
    assert "Stop training" not in [button.label for button in app.button]
    figures = load_bundle("best").metrics["tutorial_pairs"]
    assert f"{100 * figures['accuracy']:.1f} %" in [metric.value for metric in app.metric]
    boxes = [box for column in component_data(app, "diagram")["columns"] for box in column]
    assert boxes[0]["type"] == "Two images"
    assert boxes[-1]["type"] == "Distance"
    layers = [layer for layer in load_bundle("best").config["layers"] if layer["type"] != "InputLayer"]
    assert len(boxes) == len(layers) + 2


def test_a_submitted_form_starts_what_it_says(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(jobs, "start", lambda recipe, name, **settings: calls.append((recipe, name, settings)))
    app = open_app("train")
    app.get_by_key("recipe").set_value("classic").run()
    app.number_input(key="train_classic_epochs").set_value(3)
    app.number_input(key="train_classic_margin").set_value(1.5)
    app.text_input(key="train_classic_name").set_value("wide-margin")
    app.button(key="start").click().run()
    assert not app.exception
    settings = {"epochs": 3, "margin": 1.5, "batch_size": 128, "learning_rate": 0.001, "seed": 0}
    assert calls == [("classic", "wide-margin", settings)]
    assert app.text_input(key="train_classic_name").value == "my-classic"


@pytest.mark.parametrize("name", ["", "../escape", "Mine", "best", "mine"])
def test_a_name_that_will_not_do_is_refused_in_words(open_app: OpenApp, own_models: Path, name: str) -> None:
    app = open_app("train")
    app.text_input(key="train_fast_name").set_value(name)
    app.button(key="start").click().run()
    assert not app.exception
    assert "name" in app.error[0].value
    assert runs.latest() is None


def test_a_recipe_without_margin_has_no_margin_to_set(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train")
    assert app.number_input(key="train_fast_margin").disabled


def test_a_running_run_shows_progress_and_a_way_to_stop(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = {"event": "progress", "epoch": 3, "step": 50, "steps": 100}
    pretend(a_run("running", [STARTED, *EPOCHS, progress]))
    stopped = []
    monkeypatch.setattr(jobs, "stop", lambda run_id: stopped.append(run_id))
    app = open_app("train")
    assert not app.exception
    assert app.progress[0].value == 62
    assert "epoch 3 of 4" in app.progress[0].text
    assert "92.0 %" in [metric.value for metric in app.metric]
    assert app.button(key="start").disabled
    app.button(key="stop_training").click().run()
    assert stopped == ["20260101-000000-abcdef"]
    assert app.button(key="stop_training").disabled
    assert "stopping" in app.progress[0].text


def test_a_run_that_has_said_nothing_yet_is_shown_as_waking(open_app: OpenApp, own_models: Path, pretend) -> None:
    pretend(a_run("running", []))
    app = open_app("train")
    assert not app.exception
    assert "waking up" in app.progress[0].text


def test_a_killed_run_is_reported_as_such(open_app: OpenApp, own_models: Path, pretend) -> None:
    pretend(a_run("failed", [STARTED], "The training process ended without a word; it may have been killed."))
    app = open_app("train")
    assert "may have been killed" in app.error[0].value
    assert not app.button(key="start").disabled


def test_a_finished_run_can_be_used_everywhere(open_app: OpenApp, own_models: Path, pretend) -> None:
    pretend(a_run("done", [STARTED, *EPOCHS, {"event": "finished", "name": "mine"}]))
    app = open_app("train")
    assert "is trained" in app.success[0].value
    app.button(key="use_trained").click().run()
    assert app.selectbox(key="model").value == "mine"
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    assert app.selectbox(key="model").value == "mine"


def test_a_start_that_loses_the_race_says_so(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RunError("A run is going on (theirs); wait for it or stop it.")

    monkeypatch.setattr(jobs, "start", refuse)
    app = open_app("train")
    app.button(key="start").click().run()
    assert "theirs" in app.error[0].value


def test_models_stand_side_by_side(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train")
    table = app.dataframe[0].value
    assert list(table.columns) == ["best", "classic", "mine"]
    assert table.loc["Recipe", "classic"] == "classic"
    app.multiselect(key="compared").set_value(["classic"]).run()
    assert list(app.dataframe[0].value.columns) == ["classic"]


def test_only_a_visitors_own_model_can_be_deleted(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train", model="mine")
    assert "delete_best" not in [button.key for button in app.button]
    app.button(key="delete_mine").click().run()
    assert not app.exception
    assert list_names() == ["best", "classic"]
    assert app.selectbox(key="model").value == "best"


def test_without_a_model_the_form_is_still_there(open_app: OpenApp, own_artifacts: Path) -> None:
    app = open_app("train")
    assert not app.exception
    assert app.button(key="start")
