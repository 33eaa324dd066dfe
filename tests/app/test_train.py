"""The page Train, in AppTest: the runs are made up here; real ones are the browser tests' business."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from siamese_core import jobs, runs
from siamese_core.artifacts import list_names, load_bundle
from siamese_core.config import RECIPES, Recipe
from siamese_core.errors import RunError
from siamese_core.limits import Limits
from siamese_core.pace import Pace, remember_pace
from tests.app.conftest import OpenApp, component_data, ship
from tests.hostile.packs import HOSTILE

STARTED = {"event": "started", "name": "mine", "recipe": {"name": "fast", "epochs": 4}, "seed": 0}
PROGRESS = {
    "event": "progress",
    "epoch": 3,
    "step": 50,
    "steps": 100,
    "seconds": 0.75,
    "loss": 0.31,
    "learning_rate": 0.02,
    "images_per_second": 31_000.0,
}
HISTOGRAM = {"limit": 1.5, "same": [8, 1, 1], "different": [1, 2, 7]}
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
        "learning_rate": 0.03,
        "histogram": HISTOGRAM | {"limit": 1.0 + epoch / 4},
    }
    for epoch in (1, 2)
]


def a_run(state: str, events: list[dict[str, Any]], message: str | None = None) -> runs.Run:
    settings = {"recipe": "fast", "name": "mine", "seed": 0, "epochs": 4}
    return runs.Run("20260101-000000-123456", state, settings, events, message, resumable=state != "running")


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
    app.number_input(key="epochs").set_value(3).run()
    app.number_input(key="margin").set_value(1.5).run()
    app.text_input(key="train_classic_name").set_value("wide-margin")
    app.button(key="start").click().run()
    assert not app.exception
    settings = {"epochs": 3, "margin": 1.5, "batch_size": 128, "learning_rate": 0.001, "seed": 0}
    assert calls == [("classic", "wide-margin", settings | {"one_epoch": False, "limits": Limits()})]


def test_a_name_that_a_run_has_taken_is_not_suggested(open_app: OpenApp, own_models: Path, pretend) -> None:
    pretend(dataclasses.replace(a_run("failed", [], "x"), settings={"recipe": "fast", "name": "my-fast", "seed": 0}))
    assert open_app("train").text_input(key="train_fast_name").value == "my-fast-2"


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
    assert app.number_input(key="no_margin").disabled


def test_a_running_run_shows_progress_and_a_way_to_stop(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS]))
    stopped = []
    monkeypatch.setattr(jobs, "stop", lambda run_id: stopped.append(run_id))
    app = open_app("train")
    assert not app.exception
    assert app.progress[0].value == 62
    assert "epoch 3 of 4" in app.progress[0].text
    shown = {tile["label"]: tile["value"] for tile in component_data(app, "tiles")["tiles"]}
    assert (
        shown
        | {
            "Loss": "0.310",
            "Validation AUC": "0.9700",
            "Validation accuracy": "92.0 %",
            "Images a second": "31,000",
            "Learning rate": "0.02000",
            "Time left": "2\N{NO-BREAK SPACE}s",
        }
        == shown
    )
    hills = component_data(app, "hills")
    assert (hills["same"], hills["different"]) == (HISTOGRAM["same"], HISTOGRAM["different"])
    assert hills["reach"] == 1.0
    assert hills["threshold"] == pytest.approx(0.7 / 1.5)
    assert app.button(key="start").disabled
    app.button(key="stop_training").click().run()
    assert stopped == ["20260101-000000-123456"]
    assert app.button(key="stop_training").disabled
    assert app.button(key="pause").disabled
    assert "stopping" in app.progress[0].text


def test_a_run_that_measures_after_a_stop_can_be_stopped_once_more(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS]))
    stopped = []
    monkeypatch.setattr(jobs, "stop", stopped.append)
    app = open_app("train")
    app.button(key="stop_training").click().run()
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS, {"event": "measuring"}]))
    app.run()
    assert not app.button(key="stop_training").disabled
    assert app.button(key="pause").disabled
    app.button(key="stop_training").click().run()
    assert app.button(key="stop_training").disabled
    assert stopped == ["20260101-000000-123456"] * 2


def test_a_stop_that_is_refused_is_not_waited_for(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS]))

    def refuse(_: str) -> None:
        raise RunError("Another server trains this.")

    monkeypatch.setattr(jobs, "stop", refuse)
    app = open_app("train")
    app.button(key="stop_training").click().run()
    assert "Another server" in app.toast[0].value
    assert not app.button(key="stop_training").disabled
    assert "stopping" not in app.progress[0].text


def test_a_run_that_lacks_nothing_but_its_model_goes_on_to_it(open_app: OpenApp, own_models: Path, pretend) -> None:
    run = a_run("failed", [STARTED, *EPOCHS], "It was stopped.")
    done = dataclasses.replace(run, resumable=True, settings={**run.settings, "epochs": len(EPOCHS)})
    pretend(done)
    asked = open_app("train").number_input(key="resume_epochs_newest_run")
    assert (asked.min, asked.value) == (len(EPOCHS), len(EPOCHS))


def test_no_name_of_a_model_is_a_widgets_own(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("latest", "trained", "newest-run", "of-run", "format", "make", "download", "now", "to"):
        ship("classic", own_models, as_name=name)
    run = a_run("stopped", [STARTED, *EPOCHS, {"event": "finished", "name": "latest", "stopped": True}])
    run = dataclasses.replace(run, settings={**run.settings, "name": "latest"})
    pretend(run)
    monkeypatch.setattr(runs, "run_ids", lambda *_: [run.id])
    monkeypatch.setattr(runs, "read", lambda *_: run)
    app = open_app("train")
    assert not app.exception
    assert app.button(key="resume_newest_run").label == app.button(key="resume_latest").label
    app.button(key="export_format").click().run()
    assert not app.exception


@pytest.mark.parametrize(("events", "buttons"), [([], {"pause", "step"}), ([{"event": "paused"}], {"play", "step"})])
def test_a_run_is_paused_played_and_stepped(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch, events, buttons
) -> None:
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS, *events]))
    given = []
    for name in ("pause", "play", "step"):
        monkeypatch.setattr(jobs, name, lambda run_id, name=name: given.append((name, run_id)))
    app = open_app("train")
    assert {button.key for button in app.button} & {"pause", "play", "step"} == buttons
    for name in sorted(buttons):
        app.button(key=name).click().run()
    assert given == [(name, "20260101-000000-123456") for name in sorted(buttons)]
    assert ("paused in epoch 3 of 4" in app.progress[0].text) == bool(events)


def test_a_run_that_stopped_goes_on(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = {"event": "finished", "name": "mine", "stopped": True, "stopped_by": "time"}
    pretend(a_run("stopped", [STARTED, *EPOCHS, finished]))
    calls = []
    monkeypatch.setattr(jobs, "resume", lambda run_id, **options: calls.append((run_id, options["epochs"])))
    app = open_app("train")
    assert "mine" in app.success[0].value
    assert app.number_input(key="resume_epochs_newest_run").value == 4
    app.number_input(key="resume_epochs_newest_run").set_value(9).run()
    app.button(key="resume_newest_run").click().run()
    assert calls == [("20260101-000000-123456", 9)]


def test_a_link_repeats_every_setting(open_app: OpenApp, own_models: Path) -> None:
    address = {
        "recipe": "classic",
        "epochs": "3",
        "batch_size": "64",
        "margin": "1.5",
        "learning_rate": "0.002",
        "seed": "7",
    }
    app = open_app("train", **address)
    shown = {name: app.number_input(key=name).value for name in address if name != "recipe"}
    assert shown == {"epochs": 3, "batch_size": 64, "margin": 1.5, "learning_rate": 0.002, "seed": 7}
    app.get_by_key("recipe").set_value("best").run()
    assert app.number_input(key="epochs").value == RECIPES["best"].epochs
    assert app.number_input(key="seed").value == 7


@pytest.mark.parametrize("value", ["", "nan", "inf", "-1", "1e999", "x", "9" * 400, "../.."])
def test_a_strangers_setting_falls_back_to_the_recipes(open_app: OpenApp, own_models: Path, value: str) -> None:
    app = open_app("train", epochs=value, seed=value, learning_rate=value, recipe=value)
    assert not app.exception
    assert app.number_input(key="epochs").value == RECIPES["fast"].epochs


def test_the_operator_bounds_what_a_visitor_may_ask_for(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAMESE_MAX_EPOCHS", "5")
    app = open_app("train", recipe="classic")
    assert (app.number_input(key="epochs").value, app.number_input(key="epochs").max) == (5, 5)


def test_a_server_for_looking_only_lets_nobody_change_anything(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAMESE_READ_ONLY", "true")
    pretend(a_run("running", [STARTED, *EPOCHS, PROGRESS]))
    app = open_app("train")
    assert not app.exception
    enabled = {button.key for button in app.button if not button.disabled and not button.key.startswith("export_")}
    assert enabled <= {"use_classic", "use_mine", "other_language"}
    assert any("looking only" in caption.value for caption in app.caption)


def test_an_operators_mistake_allows_nothing_and_is_told(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAMESE_READ_ONLY", "perhaps")
    app = open_app("train")
    assert "SIAMESE_READ_ONLY must be true or false" in app.error[0].value
    assert "start" not in [button.key for button in app.button]


def test_an_estimate_goes_by_what_this_machine_has_done(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any("not measured yet" in caption.value for caption in open_app("train").caption)
    monkeypatch.setattr(runs, "run_ids", lambda *_: ["one"])
    times = {"started": 1767225604.0, "measuring": 1767225610.0, "finished": 1767225616.0}
    said = [{"event": kind, "time": time} for kind, time in times.items()]
    run = a_run("failed", [*said, *EPOCHS], "x")
    monkeypatch.setattr(runs, "read", lambda *_: run)
    app = open_app("train", epochs="4")
    assert any("about 16\N{NO-BREAK SPACE}s" in caption.value for caption in app.caption)


def test_where_nothing_has_run_a_warming_up_gives_the_estimate(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(recipe: Recipe, **_: Any) -> None:
        runs.runs_folder().mkdir(exist_ok=True)
        remember_pace(recipe, Pace(waking=5.0, epoch=2.5))

    monkeypatch.setattr("siamese_core.warm_up.measure_pace", measure)
    app = open_app("train", epochs="4")
    app.button(key="measure").click().run()
    assert not app.exception
    assert any("about 15\N{NO-BREAK SPACE}s" in caption.value for caption in app.caption)
    assert "measure" not in [button.key for button in app.button]


def test_a_machine_that_cannot_be_measured_says_so(
    open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RunError("Another training, or a measurement, is going on; try again in a moment.")

    monkeypatch.setattr("siamese_core.warm_up.measure_pace", refuse)
    app = open_app("train")
    app.button(key="measure").click().run()
    assert "or a measurement" in app.error[0].value


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
    app.button(key="use_of_run").click().run()
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
    shown = component_data(app, "comparison")
    rows = {label: values for label, *values in shown["rows"]}
    assert shown["names"] == ["best", "classic"]
    assert rows["Recipe"] == ["best", "classic"]
    assert "Seed" not in rows  # the same for both
    assert [len(values) for values in shown["curves"][0]["values"]] == [
        len(load_bundle(name).history) for name in ("best", "classic")
    ]
    app.multiselect(key="compared").set_value(["classic"]).run()
    shown = component_data(app, "comparison")
    assert shown["names"] == ["classic"]
    assert ["Seed", "0"] in shown["rows"]


def test_a_model_is_renamed_and_goes_on_being_used(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train", model="mine")
    app.text_input(key="new_name_mine").set_value("ours").run()
    app.button(key="rename_mine").click().run()
    assert not app.exception
    assert list_names() == ["best", "classic", "ours"]
    assert app.selectbox(key="model").value == "ours"
    app.text_input(key="new_name_ours").set_value("best").run()
    app.button(key="rename_ours").click().run()
    assert "already" in app.toast[0].value
    assert list_names() == ["best", "classic", "ours"]


def test_only_a_visitors_own_model_can_be_deleted(open_app: OpenApp, own_models: Path) -> None:
    app = open_app("train", model="mine")
    assert "delete_best" not in [button.key for button in app.button]
    app.button(key="delete_mine").click().run()
    assert not app.exception
    assert list_names() == ["best", "classic"]
    assert app.selectbox(key="model").value == "best"


def test_the_only_model_can_be_deleted(open_app: OpenApp, own_artifacts: Path) -> None:
    ship("classic", own_artifacts, as_name="mine")
    app = open_app("train", model="mine")
    app.button(key="delete_mine").click().run()
    assert not app.exception
    assert list_names() == []


def test_a_model_whose_map_is_being_drawn_can_be_used(
    open_app: OpenApp, own_models: Path, pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []
    monkeypatch.setattr(jobs, "stop", stopped.append)
    run = a_run("running", [STARTED, *EPOCHS, {"event": "measuring"}, {"event": "finished", "name": "mine"}])
    pretend(run)
    app = open_app("train")
    assert app.button(key="use_of_run").label == "Use mine"
    assert "Stop training" not in [button.label for button in app.button]
    app.button(key="leave_out").click().run()
    assert stopped == [run.id]


def test_the_map_of_a_run_stands_at_its_newest_epoch(open_app: OpenApp, own_models: Path, pretend) -> None:
    run = a_run("running", [STARTED, *EPOCHS, PROGRESS])
    pretend(run)
    folder = runs.map_folder(run.id)
    folder.mkdir(parents=True)
    for epoch in (0, 1, 2):
        (folder / f"epoch-{epoch}.bin").touch()
    (folder.parent / "settings.json").write_text(json.dumps(run.settings))
    (folder.parent / "events.jsonl").touch()
    data = component_data(open_app("train"), "moving_map")
    assert (data["run"], data["epochs"]) == (run.id, [0, 1, 2])
    assert data["classes"][0] == "T-shirt/top"


def test_without_a_model_the_form_is_still_there(open_app: OpenApp, own_artifacts: Path) -> None:
    app = open_app("train")
    assert not app.exception
    assert app.button(key="start")


def test_a_model_is_taken_in_from_a_file(open_app: OpenApp, own_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(jobs, "install", lambda content, name, **_: calls.append((content, name)))
    app = open_app("train")
    assert app.button(key="upload_now").disabled
    assert upload(app, b"PK") == []
    assert calls == [(b"PK", "theirs")]


def upload(app: AppTest, content: bytes, name: str = "theirs") -> list[str]:
    """What the page says of a model's file."""
    app.file_uploader(key="upload").upload("theirs.zip", content).run()
    app.text_input(key="upload_name").set_value(name).run()
    app.button(key="upload_now").click().run()
    assert not app.exception
    return [error.value for error in app.error]


@pytest.mark.parametrize(
    ("pack", "english", "french"),
    [
        ("noise, in short", "This file is damaged;", "Ce fichier est abîmé ;"),
        ("also named '../canary'", "each once and nothing else.", "chacun une fois et rien d'autre."),
        ("a bomb as map.npz", "would unpack to more than 4 MB.", "ferait plus de 4 Mo"),
        ("a gallery of objects", "The gallery.npz in this file is not as", "gallery.npz n'est pas tel que"),
        ("a weight of another shape", "do not fit the network classic.", "ne conviennent pas au réseau classic."),
    ],
)
def test_a_strangers_file_is_refused_in_a_sentence_and_the_page_lives_on(
    open_app: OpenApp, own_models: Path, pack: str, english: str, french: str
) -> None:
    content = b"x" * 1_000 if pack == "noise, in short" else HOSTILE[pack]()
    for language, words in ((None, english), ("fr", french)):
        app = open_app("train", locale=language)
        said = upload(app, content)
        assert len(said) == 1
        assert words in said[0].replace("\N{NO-BREAK SPACE}", " ")
        assert "/" not in said[0]
        assert not app.button(key="upload_now").disabled
    assert runs.latest() is None
    assert list_names(own_models) == ["best", "classic", "mine"]


def test_a_model_of_a_name_that_is_none_is_refused(open_app: OpenApp, own_models: Path) -> None:
    assert "is not such a name" in upload(open_app("train"), b"PK", "../theirs")[0]
    assert runs.latest() is None
