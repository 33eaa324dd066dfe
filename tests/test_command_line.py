"""The command line as a person or a script meets it: a process with output, errors and an exit code."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle
from siamese_core.comparison import compare


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "siamese_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ".", **environment},
    )


def answer(*arguments, **environment):
    ran = command(*arguments, "--json", **environment)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def assert_refused(ran, *reasons):
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert all(reason in ran.stderr for reason in reasons), ran.stderr
    assert ran.stdout == ""


def test_help_names_every_command():
    text = command("--help").stdout
    assert all(name in text for name in ("data", "train", "models", "evaluate", "distance", "search", "export"))


def test_data_says_where_the_images_are():
    found = answer("data")
    assert (found["train"], found["test"]) == (60_000, 10_000)


def test_distance_is_what_the_core_computes(fashion):
    told = answer("distance", "test:1", "test:2", "--model", "classic")
    bundle = load_bundle("classic", PROJECT_ARTIFACTS)
    a, b = bundle.encoder.embed(fashion.split("test").images[1:3])
    comparison = compare(a, b, bundle.threshold)
    assert told == {
        "model": "classic",
        "distance": pytest.approx(comparison.distance, abs=1e-6),
        "threshold": bundle.threshold,
        "same": comparison.same,
        "p_same": pytest.approx(float(bundle.calibration.probability(comparison.distance)), abs=1e-6),
        "verdict": "same" if comparison.same else "different",
        "familiar": True,
        "familiar_a": True,
        "familiar_b": True,
    }


def test_picture_of_something_else_is_said_to_be_unlike_the_data(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    told = answer("distance", "test:1", tmp_path / "noise.png")
    assert (told["familiar"], told["familiar_a"], told["familiar_b"]) == (False, True, False)
    assert [result["familiar"] for result in answer("search", "test:1", tmp_path / "noise.png")] == [True, False]
    for name in ("distance", "search"):
        said = command(name, "test:1", tmp_path / "noise.png").stdout
        assert said.count("unlike anything in the data") == 1


def test_model_of_an_earlier_version_leaves_open_what_is_familiar(tmp_path):
    shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / "earlier")
    manifest = json.loads((tmp_path / "earlier" / "manifest.json").read_text())
    del manifest["files"]["familiarity.npz"]
    (tmp_path / "earlier" / "manifest.json").write_text(json.dumps(manifest))
    told = answer("distance", "test:1", "test:2", "--model=earlier", SIAMESE_ARTIFACTS=str(tmp_path))
    assert told["familiar"] is told["familiar_a"] is told["familiar_b"] is None
    assert command("familiarity", "earlier", SIAMESE_ARTIFACTS=str(tmp_path)).returncode == 0
    assert answer("distance", "test:1", "test:2", "--model=earlier", SIAMESE_ARTIFACTS=str(tmp_path))["familiar"]


def test_who_wants_to_be_surer_than_the_model_hears_not_sure():
    arguments = ("distance", "test:1", "test:25", "--model", "classic")
    told = answer(*arguments)
    sureness = max(told["p_same"], 1 - told["p_same"])
    below, above = (answer(*arguments, "--sureness", sureness + step) for step in (-0.001, 0.001))
    assert below == told
    assert above == told | {"verdict": "not sure"}
    assert "not sure, P(same)" in command(*arguments, "--sureness", sureness + 0.001).stdout


def test_the_fewer_same_pairs_one_expects_the_less_probable_they_are():
    rare, even = (answer("distance", "test:1", "test:16", "--base-rate", rate)["p_same"] for rate in (0.01, 0.5))
    assert rare < even


def test_item_saved_as_a_picture_is_at_distance_zero_from_itself(fashion, tmp_path):
    Image.fromarray(fashion.image("test:123")).save(tmp_path / "item.png")
    assert answer("distance", tmp_path / "item.png", "test:123")["distance"] == 0.0


def test_search_ranks_neighbours_and_classes():
    result, other = answer("search", "test:0", "train:0", "-k", 5)
    distances = [near["distance"] for near in result["neighbours"]]
    assert len(distances) == 5
    assert distances == sorted(distances)
    assert "test:0" not in [near["item"] for near in result["neighbours"]]
    assert {entry["class"] for entry in result["classes"]} == set(
        load_bundle("best", PROJECT_ARTIFACTS).config["class_names"]
    )
    assert result["classes"][0]["class"] == "Ankle boot"
    assert other["image"] == "train:0"


def test_pack_tells_where_the_file_is(tmp_path):
    told = answer("pack", "classic", "--to", str(tmp_path / "mine.zip"))
    assert told == {"path": str(tmp_path / "mine.zip"), "bytes": (tmp_path / "mine.zip").stat().st_size}


def test_models_lists_figures():
    names = [row["name"] for row in answer("models", "--verify")]
    assert names[:2] == ["best", "classic"]


def test_damaged_model_is_named_and_the_others_are_listed(tmp_path):
    for name in ("sound", "broken"):
        shutil.copytree(PROJECT_ARTIFACTS / "classic", tmp_path / name)
    (tmp_path / "broken" / "gallery.npz").write_bytes(b"")
    ran = command("models", "--verify", "--json", SIAMESE_ARTIFACTS=str(tmp_path))
    assert ran.returncode == 2
    rows = {row["name"]: row for row in json.loads(ran.stdout)}
    assert "gallery.npz" in rows["broken"]["problem"]
    assert rows["sound"]["recipe"] == "classic"


@pytest.mark.slow
def test_evaluate_repeats_the_figures_of_the_bundle():
    figures, stored = answer("evaluate", "classic"), load_bundle("classic", PROJECT_ARTIFACTS).metrics
    for group in ("tutorial_pairs", "all_pairs", "probability", "retrieval"):
        assert figures[group] == pytest.approx(stored[group], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["distance", "test:10000", "test:1"], "no item 10000"),
        (["distance", "test:1", "/no/such.png"], "No such file"),
        (["distance", "test:1", "pyproject.toml"], "pyproject.toml"),
        (["distance", "test:1", "test:2", "--model", "absent"], "no model 'absent'"),
        (["distance", "test:1", "test:2", "--model", "../best"], "small letters"),
        (["search", "test:1", "-k", "0"], "-k"),
        (["distance", "test:1", "test:2", "--base-rate", "1"], "--base-rate"),
        (["distance", "test:1", "test:2", "--sureness", "0.4"], "--sureness"),
        (["evaluate", "absent"], "no model 'absent'"),
        (["train", "--name", "Not A Name"], "small letters"),
        (["train", "--name", "x", "--epochs", "0"], "epochs must be between"),
        (["train", "--name", "x", "--margin", "1"], "has no margin"),
        (["train", "--name", "x", "--recipe", "classic", "--margin", "nan"], "margin must be between"),
        (["train", "--name", "classic"], "--replace"),
        (["train", "--name", "x", "--resume"], "--checkpoint"),
        (["train", "--name", "x", "--hold-out", "Hat,Bag"], "no class 'Hat'"),
        (["train", "--name", "x", "--hold-out", "Bag"], "at least two classes"),
        (["export", "absent", "--format", "npz"], "no model 'absent'"),
        (["export", "classic"], "--format"),
        (["export", "classic", "--format", "pickle"], "pickle"),
        (["export", "classic", "--format", "npz", "--to", "README.md"], "--replace"),
        (["export", "classic", "--format", "npz", "--to", "tests", "--replace"], "folder of other things"),
        (["export", "classic", "--format", "npz", "--to", "/no/such/place.npz"], "No such file"),
    ],
)
def test_mistake_of_the_user_is_one_line_and_exit_code_2(arguments, reason):
    ran = command(*arguments)
    assert_refused(ran, reason)
    assert len([line for line in ran.stderr.splitlines() if line.startswith(("siamese_core:", "Error:"))]) == 1


def test_export_prints_how_far_the_file_is_from_the_model(tmp_path):
    told = answer("export", "classic", "--format", "onnx", "--to", tmp_path / "classic.onnx")
    assert told.keys() == {"path", "bytes", "difference"}
    assert told["bytes"] == (tmp_path / "classic.onnx").stat().st_size
    assert 0.0 <= told["difference"] <= 1e-5


def test_export_that_fails_tells_a_parent_process_which_sentence_to_say():
    ran = command("export", "classic", "--format", "npz", "--to", "README.md", "--json")
    assert ran.returncode == 2
    told = json.loads(ran.stdout)
    assert told["sentence"].format(**told["values"]) in ran.stderr


def test_missing_data_are_said_before_anything_is_trained(tmp_path):
    assert_refused(command("train", "--name", "x", FASHION_MNIST_DIR=str(tmp_path)), "FASHION_MNIST_DIR has no file")


@pytest.mark.slow
def test_training_tells_its_events_and_saves_a_model_that_serves(tmp_path):
    ran = command("train", "--recipe=fast", "--name=mine", "--epochs=1", "--json", SIAMESE_ARTIFACTS=str(tmp_path))
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started"
    assert kinds[-5:] == ["epoch", "measuring", "saving", "finished", "drawn"]
    assert events[-2]["metrics"]["tutorial_pairs"]["accuracy"] > 0.85
    drawn = load_bundle("mine", tmp_path).embedding_map
    assert drawn.epochs.tolist() == [0, 1]
    assert drawn.neighbourly.shape == (10_000, 2)
    assert answer("distance", "test:1", "test:1", "--model=mine", SIAMESE_ARTIFACTS=str(tmp_path))["same"]


@pytest.mark.slow
def test_classes_held_out_are_reported_apart(tmp_path):
    place = {"SIAMESE_ARTIFACTS": str(tmp_path)}
    ran = command("train", "--recipe=fast", "--name=mine", "--epochs=1", "--hold-out=Dress, Sneaker,Bag,Shirt", **place)
    assert ran.returncode == 0, ran.stderr
    figures = answer("evaluate", "mine", **place)["unseen"]
    assert load_bundle("mine", tmp_path).held_out == ["Dress", "Shirt", "Sneaker", "Bag"]
    assert figures["seen_auc"] > figures["unseen_auc"] > 0.6
    assert figures["one_shot_ways"] == 4
    assert figures["one_shot_low"] < figures["one_shot_accuracy"] < figures["one_shot_high"]
    assert command("train", "--recipe=fast", "--name=all", "--epochs=1", **place).returncode == 0
    assert_refused(command("twin", "mine", "all", **place), "no twin")
    assert answer("twin", "all", "mine", **place)["twins"] == {"Dress, Shirt, Sneaker, Bag": pytest.approx(figures)}
    told = answer("evaluate", "all", **place)
    assert told["twins"]["Dress, Shirt, Sneaker, Bag"] == pytest.approx(figures)
    assert "unseen" not in told


@pytest.mark.slow
def test_interrupted_training_keeps_its_best_epoch(tmp_path):
    arguments = ["train", "--recipe=fast", "--name=mine", "--epochs=200", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "siamese_core", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "SIAMESE_ARTIFACTS": str(tmp_path)},
    ) as child:
        next(line for line in child.stdout if json.loads(line)["event"] == "epoch")
        child.send_signal(signal.SIGINT)
        told = [json.loads(line) for line in child.stdout]
    assert told[-1]["event"] == "finished"  # and no map
    assert told[-1]["stopped"]
    assert np.isfinite(load_bundle("mine", tmp_path).threshold)
