"""The page that explains, in AppTest: every number that it is given is the core's."""

import base64
import math
import re

import numpy as np
import pytest

from app import cache
from app.experiment import CASES, run_experiment
from app.slots import DEFAULT_ITEMS
from siamese_core.artifacts import load_bundle
from siamese_core.comparison import compare, pair_distances
from siamese_core.evaluation import accuracy
from siamese_core.pairs import tutorial_pairs
from tests.app.conftest import PROJECT, OpenApp, component_data

MODELS = ["best", "classic"]
ENGLISH = ["Data", "Pairs", "Network", "Distance", "Contrastive loss", "Training", "Accuracy"]
FRENCH = ["Données", "Paires", "Réseau", "Distance", "Perte contrastive", "Entraînement", "Exactitude"]


@pytest.mark.parametrize(("language", "titles"), [("en", ENGLISH), ("fr", FRENCH)])
def test_the_steps_of_the_tutorial_stand_in_their_order(open_app: OpenApp, language: str, titles: list[str]) -> None:
    app = open_app("explain", lang=language)
    assert not app.exception
    assert [header.value for header in app.header] == [f"{at} · {title}" for at, title in enumerate(titles, 1)]
    assert len(app.code) >= len(titles)


def test_every_line_of_code_that_is_shown_stands_in_its_file(open_app: OpenApp) -> None:
    app = open_app("explain")
    places = [found for caption in app.caption if (found := re.fullmatch(r"`(.+)`, line (\d+)", caption.value))]
    assert len(places) == len(app.code)
    for place, shown in zip(places, app.code, strict=True):
        lines = [line.strip() for line in (PROJECT / place[1]).read_text(encoding="utf-8").splitlines()]
        assert lines[int(place[2]) - 1] == shown.value.splitlines()[0].strip()
        assert {line.strip() for line in shown.value.splitlines()} <= set(lines)


def test_one_image_of_each_class_is_there_to_read(open_app: OpenApp) -> None:
    data = component_data(open_app("explain"), "pixel_view")
    test = cache.collection().split("test")
    assert len(data["images"]) == len(data["names"]) == 10
    for label, image in enumerate(data["images"]):
        pixels = np.frombuffer(base64.b64decode(image), np.uint8).reshape(28, 28)
        assert (test.images[test.labels == label] == pixels).all(axis=(1, 2)).any()


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_gives_the_tutorials_pairs_with_the_models_distances(open_app: OpenApp, seed: int) -> None:
    app = open_app("explain")
    app.number_input(key="explain_seed").set_value(seed).run()
    shown = component_data(app, "pair_flip")
    test, model = cache.collection().split("test"), load_bundle("best")
    pairs = tutorial_pairs(test.labels, np.random.default_rng(seed))
    distances = pair_distances(model.gallery_embeddings, pairs)
    items = [int(item) for item in shown["sprite"].split("ids=")[1].split(",")]
    for label, trio in enumerate(shown["trios"]):
        anchor, positive, negative = items[3 * label : 3 * label + 3]
        same, different = (
            np.flatnonzero((pairs.left == anchor) & (pairs.right == end)) for end in (positive, negative)
        )
        assert test.labels[anchor] == test.labels[positive] == label != test.labels[negative]
        assert trio["same"] == pytest.approx(distances[same[0]], abs=1e-6)
        assert trio["different"] == pytest.approx(distances[different[0]], abs=1e-6)


def test_another_seed_exchanges_negatives_alone(open_app: OpenApp) -> None:
    app = open_app("explain")
    before = component_data(app, "pair_flip")["trios"]
    app.number_input(key="explain_seed").set_value(1).run()
    after = component_data(app, "pair_flip")["trios"]
    assert [trio["same"] for trio in before] == [trio["same"] for trio in after]
    assert [trio["other"] for trio in before] != [trio["other"] for trio in after]


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_of_a_layer_multiply_to_its_parameters(open_app: OpenApp, name: str) -> None:
    columns = component_data(open_app("explain", model=name), "explain_diagram")["columns"]
    counted = [box["sum"].split(": ")[1].split(" = ") for boxes in columns for box in boxes if box["sum"]]
    assert counted
    total = 0
    for terms, shown in counted:
        count = sum(np.prod([int(side) for side in term.split(" × ")]) for term in terms.split(" + "))
        assert shown == f"{count:,}"
        total += count
    assert total == sum(layer["parameters"] for layer in load_bundle(name).config["layers"])


@pytest.mark.parametrize("name", MODELS)
def test_the_walk_to_the_distance_is_the_cores(open_app: OpenApp, name: str) -> None:
    data = component_data(open_app("explain", model=name), "distance_walk")
    model, test = load_bundle(name), cache.collection().split("test")
    embeddings = model.encoder.embed(test.images[list(DEFAULT_ITEMS.values())])
    np.testing.assert_allclose([data["a"], data["b"]], embeddings, atol=1e-6)
    np.testing.assert_allclose(data["gap"], embeddings[0] - embeddings[1], atol=1e-6)
    np.testing.assert_allclose(data["square"], np.square(data["gap"]), atol=1e-6)
    assert data["distance"] == pytest.approx(compare(*embeddings, 1.0).distance, abs=1e-6)
    assert np.sqrt(sum(data["square"])) == pytest.approx(data["distance"], abs=1e-6)


def test_every_test_item_can_be_typed_and_the_loss_follows(open_app: OpenApp) -> None:
    app = open_app("explain")
    app.number_input(key="explain_item_a").set_value(4).run()
    app.number_input(key="explain_item_b").set_value(25).run()
    walk, test = component_data(app, "distance_walk"), cache.collection().split("test")
    assert [base64.b64decode(image) for image in walk["images"]] == [test.images[item].tobytes() for item in (4, 25)]
    embeddings = load_bundle("best").encoder.embed(test.images[[4, 25]])
    assert walk["distance"] == pytest.approx(compare(*embeddings, 1.0).distance, abs=1e-6)
    assert component_data(app, "loss_plot")["distance"] == walk["distance"]


def test_a_number_that_is_no_test_item_changes_nothing(open_app: OpenApp) -> None:
    app = open_app("explain")
    before = component_data(app, "distance_walk")
    app.number_input(key="explain_item_a").set_value(10_000).run()
    assert not app.exception
    assert component_data(app, "distance_walk") == before
    assert app.number_input(key="explain_item_a").value == DEFAULT_ITEMS["A"]
    assert "10000" in app.toast[0].value.replace(",", "")


def test_the_loss_starts_at_the_margin_of_the_model(open_app: OpenApp) -> None:
    assert load_bundle("best").recipe.margin is None
    assert component_data(open_app("explain"), "loss_plot")["margin"] == 1.0
    classic = component_data(open_app("explain", model="classic"), "loss_plot")
    assert classic["margin"] == load_bundle("classic").recipe.margin


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_of_an_experiment_are_those_of_its_points(open_app: OpenApp, name: str) -> None:
    data = component_data(open_app("explain", explain_case=name), "point_play")
    case, test = CASES[name], cache.collection().split("test")
    pairs = run_experiment(case, test).pairs
    assert len(data["points"]) == len(data["loss"]) == len(data["accuracy"]) == 61
    for at in (0, 1, 30, 60):
        distances: dict[bool, list[float]] = {True: [], False: []}
        for left, right, is_same in zip(pairs.left, pairs.right, pairs.is_same, strict=True):
            distances[bool(is_same)].append(math.dist(data["points"][at][left], data["points"][at][right]))
        costs = [distance**2 for distance in distances[True]]
        if not case.same_only:
            costs += [max(0.0, case.margin - distance) ** 2 for distance in distances[False]]
        right_ones = [distance <= 0.5 for distance in distances[True]] + [
            distance > 0.5 for distance in distances[False]
        ]
        assert data["loss"][at] == pytest.approx(np.mean(costs), abs=1e-6)
        assert data["same"][at] == pytest.approx(np.mean(distances[True]), abs=1e-6)
        assert data["different"][at] == pytest.approx(np.mean(distances[False]), abs=1e-6)
        assert data["accuracy"][at] == pytest.approx(np.mean(right_ones), abs=1e-6)


def final(name: str) -> tuple[float, float, float, float]:
    """Loss, mean distances and accuracy at the end of an experiment."""
    run = run_experiment(CASES[name], cache.collection().split("test"))
    return run.way.losses[-1], run.same[-1], run.different[-1], run.accuracy[-1]


def test_as_it_should_classes_draw_together_and_keep_the_margin() -> None:
    loss, same, different, right = final("good")
    assert loss < 0.01
    assert same < 0.1
    assert different > 1.0
    assert right == 1.0


@pytest.mark.parametrize("name", ["narrow", "same"])
def test_without_a_push_the_loss_vanishes_and_nothing_is_told_apart(name: str) -> None:
    loss, same, different, right = final(name)
    assert loss < 0.01
    assert same < different < 0.5
    assert right == 0.5


def test_collapsed_items_never_move() -> None:
    run = run_experiment(CASES["collapsed"], cache.collection().split("test"))
    assert not run.way.points.any()
    assert set(run.way.losses) == {0.5}


@pytest.mark.parametrize("name", MODELS)
def test_the_curve_is_the_bundles_history(open_app: OpenApp, name: str) -> None:
    data = component_data(open_app("explain", model=name), "history_curve")
    model = load_bundle(name)
    for figure in ("loss", "accuracy", "threshold"):
        assert data[figure] == [epoch[figure] for epoch in model.history]
    assert data["accuracy"][data["kept"] - 1] == max(data["accuracy"])


@pytest.mark.parametrize("name", MODELS)
def test_the_accuracy_is_counted_from_every_test_pair(open_app: OpenApp, name: str) -> None:
    data = component_data(open_app("explain", model=name), "accuracy_plot")
    same, different = (np.frombuffer(base64.b64decode(data[kind]), np.float32) for kind in ("same", "different"))
    assert len(same) + len(different) == 19_980
    model = load_bundle(name)
    assert data["threshold"] == data["own"] == model.threshold
    is_same = np.arange(19_980) < len(same)
    shown = accuracy(np.concatenate([same, different]), is_same, data["threshold"])
    assert shown == pytest.approx(model.metrics["tutorial_pairs"]["accuracy"], abs=1e-6)


def test_with_the_sample_alone_the_page_is_whole(open_app: OpenApp, sample_only: None) -> None:
    app = open_app("explain")
    assert not app.exception
    assert len(app.header) == 7
    assert not app.error


def test_without_a_model_the_page_says_so(open_app: OpenApp, own_artifacts) -> None:
    app = open_app("explain")
    assert not app.exception
    assert "no model yet" in app.error[0].value
