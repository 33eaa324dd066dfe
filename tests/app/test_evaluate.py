"""The page Evaluate, in AppTest."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from app import cache
from app.figures import FIGURES, diagnosis_figure, drawn
from app.tables import classes_table, rates_table, suspects_table, trust_table
from siamese_core.artifacts import load_bundle, save_bundle
from siamese_core.bundle import with_files
from tests.app.conftest import OpenApp, component_data, ship

BEST = load_bundle("best")


def explorer(app) -> dict:
    return component_data(app, "explorer")


def rates(data: dict, threshold: float) -> tuple[float, float]:
    """FAR and FRR at a threshold, of what the browser gets."""
    at = data["thresholds"].index(threshold)
    place, accepted, everything = 0, np.zeros(2), np.zeros(2)
    for one in range(len(data["classes"])):
        for other in range(one + 1):
            counts = data["counts"][place]
            place += 1
            accepted[int(one == other)] += sum(counts[: at + 1])
            everything[int(one == other)] += sum(counts)
    return accepted[0] / everything[0], 1 - accepted[1] / everything[1]


def test_the_browser_gets_the_models_own_figures_exactly(open_app: OpenApp) -> None:
    app = open_app("evaluate")
    assert not app.exception
    data = explorer(app)
    assert data["threshold"] == data["own"] == BEST.threshold
    far, frr = rates(data, BEST.threshold)
    assert 1 - (far + frr) / 2 == pytest.approx(BEST.metrics["all_pairs"]["balanced_accuracy"], abs=1e-12)
    assert sum(map(sum, data["counts"])) == 49_995_000


def test_the_models_threshold_lies_within_its_interval(open_app: OpenApp) -> None:
    low, high = explorer(open_app("evaluate"))["interval"]
    assert low < BEST.threshold < high


@pytest.mark.parametrize(("preset", "holds"), [
    ("eer", lambda far, frr: abs(far - frr) < 2e-3),
    ("far_1", lambda far, _: 0.009 < far <= 0.01),
    ("far_01", lambda far, _: 0.0009 < far <= 0.001),
])  # fmt: skip
def test_a_named_threshold_holds_what_it_says(open_app: OpenApp, preset: str, holds) -> None:
    app = open_app("evaluate")
    app.button(key=f"preset_{preset}").click().run()
    data = explorer(app)
    assert app.session_state["threshold"] == data["threshold"]
    assert holds(*rates(data, data["threshold"]))


def test_the_lowest_cost_follows_the_costs(open_app: OpenApp) -> None:
    app = open_app("evaluate", cost_accept="10")
    app.button(key="preset_lowest_cost").click().run()
    data = explorer(app)
    cost = [10 * far + frr for far, frr in (rates(data, threshold) for threshold in data["thresholds"])]
    far, frr = rates(data, data["threshold"])
    assert 10 * far + frr == min(cost)
    assert data["threshold"] < BEST.threshold
    assert data["costs"] == [10.0, 1.0]


def test_validation_is_the_way_back(open_app: OpenApp) -> None:
    app = open_app("evaluate", threshold="0.5")
    assert explorer(app)["threshold"] == 0.5
    app.button(key="preset_validation").click().run()
    assert app.session_state["threshold"] is None
    assert explorer(app)["threshold"] == BEST.threshold


def test_the_whole_app_decides_by_the_threshold(open_app: OpenApp) -> None:
    app = open_app("compare", threshold="0.01")
    assert component_data(app, "gauge")["threshold"] == 0.01
    assert component_data(app, "gauge")["word"] == "Different"
    app.switch_page("pages/pairs.py").run()
    assert "at threshold 0.01" in app.markdown[0].value


@pytest.mark.parametrize("value", ["nan", "-1", "inf", "x", "1e9", "", "0.79001234567890"])
def test_a_strangers_threshold_falls_back_or_is_rounded(open_app: OpenApp, value: str) -> None:
    app = open_app("evaluate", threshold=value)
    assert not app.exception
    assert 0.0 <= explorer(app)["threshold"] <= 2.0


def test_another_model_forgets_the_threshold(open_app: OpenApp) -> None:
    app = open_app("evaluate", threshold="0.5")
    app.get_by_key("model").select("classic").run()
    assert explorer(app)["threshold"] == load_bundle("classic").threshold


def test_two_models_stand_side_by_side(open_app: OpenApp) -> None:
    data = explorer(open_app("evaluate", beside="classic"))
    assert data["beside"]["name"] == "classic"
    assert len(data["beside"]["far"]) == len(data["beside"]["frr"]) > 100
    assert explorer(open_app("evaluate", beside="nobody"))["beside"] is None


def test_mistakes_are_wrong_of_both_kinds_and_worst_first(open_app: OpenApp) -> None:
    cards = component_data(open_app("evaluate"), "mistakes")["pairs"]
    assert not any(card["right_verdict"] for card in cards)
    assert [card["truth"] for card in cards] == ["different"] * 6 + ["same"] * 6
    distances = [float(card["distance"]) for card in cards]
    assert distances[:6] == sorted(distances[:6])
    assert distances[6:] == sorted(distances[6:], reverse=True)


def test_chosen_classes_show_their_mistakes_until_let_go(open_app: OpenApp) -> None:
    app = open_app("evaluate")
    app.session_state["cell"] = (6, 4)
    app.run()
    assert {card["classes"] for card in component_data(app, "mistakes")["pairs"]} <= {"Shirt · Coat", "Coat · Shirt"}
    app.button(key="forget_cell").click().run()
    assert len({card["classes"] for card in component_data(app, "mistakes")["pairs"]}) > 1


def test_the_address_names_the_two_classes(open_app: OpenApp) -> None:
    app = open_app("evaluate", cell="4-6")
    assert component_data(app, "explorer")["cell"] == [6, 4]
    assert app.query_params["cell"] == "6-4"
    app.button(key="forget_cell").click().run()
    assert "cell" not in app.query_params


@pytest.mark.parametrize("cell", ["", "6", "6-4-2", "6-10", "-1-2", "a-b", "6-4x", "٣-4", "9" * 5000])
def test_a_strangers_classes_are_none(open_app: OpenApp, cell: str) -> None:
    app = open_app("evaluate", cell=cell)
    assert not app.exception
    assert component_data(app, "explorer")["cell"] is None


def test_classes_without_mistakes_say_so(open_app: OpenApp) -> None:
    app = open_app("evaluate")
    app.session_state["cell"] = (9, 1)
    app.session_state["threshold"] = 0.001
    app.run()
    assert "No mistake here" in app.info[0].value


def test_a_suspect_comes_with_neighbours_that_agree(open_app: OpenApp) -> None:
    app = open_app("evaluate")
    evidence = component_data(app, "evidence")["items"]
    suspects = cache.diagnosis(cache.bundle("best")).suspects
    test, names = cache.collection().split("test"), cache.collection().class_names
    assert {item["class"] for item in evidence} == {names[suspects.proposed[0]]}
    assert any(f"labelled **{names[test.labels[suspects.rows[0]]]}**" in text.value for text in app.markdown)
    second = component_data(app, "suspects")["items"][1]["id"]
    app.session_state["suspect"] = second
    app.run()
    assert any(f"Test {second} is labelled" in text.value for text in app.markdown)


@pytest.mark.parametrize(("threshold", "where"), [(None, "below"), (0.3, "above")])
def test_how_far_the_ceiling_lies_comes_without_a_sign(open_app: OpenApp, threshold: float | None, where: str) -> None:
    app = open_app("evaluate")
    if threshold:
        app.session_state["threshold"] = threshold
        app.run()
    [ceiling] = [metric for metric in app.metric if metric.label == "What the classes of its neighbours allow"]
    assert f"points {where} this threshold" in ceiling.delta
    assert float(ceiling.delta.split()[0]) > 0


def test_what_twins_make_of_classes_they_never_saw_is_told(open_app: OpenApp) -> None:
    assert BEST.unseen
    app = open_app("evaluate")
    texts = [text.value for text in app.markdown]
    shown = [metric.value for metric in app.metric]
    assert "Classes never seen" in [header.value for header in app.header]
    for names, told in BEST.unseen.items():
        assert f"Trained without {', '.join(names)}." in texts
        for figure in ("seen_balanced_accuracy", "unseen_balanced_accuracy", "one_shot_accuracy"):
            assert f"{100 * told[figure]:.2f} %" in shown


def test_model_trained_without_classes_tells_of_them(open_app: OpenApp, own_artifacts: Path) -> None:
    ship("classic", own_artifacts)
    classic, told = load_bundle("classic"), next(iter(BEST.unseen.values()))
    config = {**classic.config, "held_out": ["Bag", "Dress"]}
    files = {**classic.files, "config.json": json.dumps(config).encode()}
    save_bundle("mine", with_files(files, metrics={**classic.metrics, "unseen": told}), own_artifacts)
    app = open_app("evaluate", model="mine")
    assert "Trained without Bag, Dress." in [text.value for text in app.markdown]
    assert not any("has seen every class" in caption.value for caption in app.caption)


def test_model_without_twins_tells_of_no_classes_never_seen(open_app: OpenApp) -> None:
    app = open_app("evaluate", model="classic")
    assert "Classes never seen" not in [header.value for header in app.header]


def test_all_suspects_can_be_taken_away_as_a_table() -> None:
    found = cache.diagnosis(cache.bundle("best"))
    rows = list(csv.DictReader(io.StringIO(suspects_table(found))))
    assert len(rows) == len(found.suspects.rows) > 100
    test, names, first = cache.collection().split("test"), cache.collection().class_names, found.suspects.rows[0]
    assert rows[0]["item"] == str(test.ids[first])
    assert rows[0]["label"] == names[test.labels[first]] != rows[0]["proposed"]
    assert float(rows[0]["agreement"]) > 0.5 > float(rows[0]["own"])


@pytest.mark.parametrize("wanted", FIGURES)
def test_every_figure_can_be_taken_away(wanted: str) -> None:
    figure = diagnosis_figure(wanted, cache.diagnosis(cache.bundle("best")), 0.79, "best")
    assert drawn(figure, "png").startswith(b"\x89PNG")
    assert drawn(figure, "svg").startswith(b"<?xml")


def test_a_figure_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of"):
        diagnosis_figure("Pie", cache.diagnosis(cache.bundle("best")), 0.79, "best")


def columns(text: str) -> dict[str, np.ndarray]:
    header, *rows = csv.reader(io.StringIO(text))
    return {name: np.array(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def test_tables_agree_with_the_figures_of_the_model() -> None:
    found = cache.diagnosis(cache.bundle("best"))
    rates = {name: column.astype(float) for name, column in columns(rates_table(found)).items()}
    own = np.abs(rates["threshold"] - BEST.threshold).argmin()
    accuracy = 1 - (rates["far"][own] + rates["frr"][own]) / 2
    assert accuracy == pytest.approx(BEST.metrics["all_pairs"]["balanced_accuracy"], abs=1e-6)
    classes = columns(classes_table(found, BEST.threshold))
    pairs, wrong = classes["pairs"].astype(int), classes["wrong"].astype(int)
    same = classes["class"] == classes["other_class"]
    assert pairs.sum() == 49_995_000
    assert wrong[same].sum() / pairs[same].sum() == pytest.approx(rates["frr"][own], abs=1e-6)
    assert columns(trust_table(found))["share_of_pairs"].astype(float).sum() == pytest.approx(1.0)


def test_with_the_sample_alone_all_its_pairs_are_counted(open_app: OpenApp, sample_only: None) -> None:
    app = open_app("evaluate")
    assert not app.exception
    assert sum(map(sum, explorer(app)["counts"])) == 499_500


def test_without_a_model_the_page_says_so(open_app: OpenApp, own_artifacts) -> None:
    app = open_app("evaluate")
    assert not app.exception
    assert "no model yet" in app.error[0].value


def test_a_single_model_stands_alone(open_app: OpenApp, own_artifacts) -> None:
    ship("classic", own_artifacts)
    app = open_app("evaluate")
    assert not app.exception
    assert app.get_by_key("beside_shown").disabled
