"""The page Pairs, in AppTest."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from app import cache
from app.pair_filter import PairFilter
from app.tables import pairs_table
from siamese_core.artifacts import load_bundle
from siamese_core.data import open_collection
from siamese_core.pairs import tutorial_pairs
from tests.app.conftest import OpenApp, component_data


def cards(app) -> list[dict]:
    return component_data(app, "pair_grid")["pairs"]


def test_shows_test_pairs_with_truth_distance_and_verdict(open_app: OpenApp) -> None:
    app = open_app("pairs")
    assert not app.exception
    assert "19,980" in app.markdown[0].value
    threshold = load_bundle("best").threshold
    for card in cards(app):
        assert card["verdict"] == ("same" if float(card["distance"]) <= threshold else "different")
        assert card["right_verdict"] == (card["verdict"] == card["truth"])
    assert [card["truth"] for card in cards(app)][:4] == ["same", "different", "same", "different"]


def test_says_the_share_the_models_figures_say(open_app: OpenApp) -> None:
    app = open_app("pairs")
    accuracy = load_bundle("best").metrics["tutorial_pairs"]["accuracy"]
    assert f"{100 * accuracy:.1f} % of all right" in app.markdown[0].value


def test_training_pairs_are_there_too(open_app: OpenApp) -> None:
    app = open_app("pairs")
    app.get_by_key("pairs_split").set_value("train").run()
    assert not app.exception
    labels = open_collection().split("train").labels[:10_000]
    count = len(tutorial_pairs(labels, np.random.default_rng(0)))
    assert f"of {count:,} pairs of the first 10,000 training images" in app.markdown[0].value
    assert component_data(app, "pair_grid")["sprite"].startswith("/sprite/train.png?")


@pytest.mark.parametrize(("key", "value", "field", "wanted"), [
    ("pairs_truth", "same", "truth", "same"),
    ("pairs_truth", "different", "truth", "different"),
    ("pairs_verdict", "right", "right_verdict", True),
    ("pairs_verdict", "wrong", "right_verdict", False),
])  # fmt: skip
def test_a_filter_leaves_only_its_own(open_app: OpenApp, key: str, value: str, field: str, wanted: object) -> None:
    app = open_app("pairs")
    app.get_by_key(key).set_value(value).run()
    assert cards(app)
    assert all(card[field] == wanted for card in cards(app))


def test_a_class_filter_leaves_pairs_with_that_class(open_app: OpenApp) -> None:
    app = open_app("pairs")
    app.selectbox(key="pairs_class").select("Bag").run()
    assert all("Bag" in card["classes"] for card in cards(app))


def test_two_classes_leave_pairs_of_these_two(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_class="Shirt", pairs_with="Coat")
    assert {card["classes"] for card in cards(app)} <= {"Shirt · Coat", "Coat · Shirt"}
    assert cards(app)


def test_a_class_with_itself_leaves_its_same_pairs(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_class="Bag", pairs_with="Bag")
    assert {(card["classes"], card["truth"]) for card in cards(app)} == {("Bag", "same")}


def test_a_distance_range_leaves_what_lies_within(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_from="0.7", pairs_to="0.8")
    distances = np.array([float(card["distance"]) for card in cards(app)])
    assert ((distances >= 0.7) & (distances <= 0.8)).all()
    assert len(distances) == 24


def test_pairs_near_the_threshold_come_first(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_order="threshold", threshold="0.5")
    gaps = np.array([abs(float(card["distance"]) - 0.5) for card in cards(app)])
    assert (np.diff(gaps) >= -1e-4).all()
    assert gaps.max() < 0.01


def test_the_table_holds_every_filtered_pair() -> None:
    table = cache.pair_table(cache.bundle("best"), "test")
    wanted = PairFilter("different", "wrong", None, None, None, None, "near")
    threshold = cache.bundle("best").threshold
    rows = list(csv.DictReader(io.StringIO(pairs_table(table, wanted.rows(table, threshold), threshold))))
    assert {(row["truth"], row["verdict"], row["split"]) for row in rows} == {("different", "same", "test")}
    assert len(rows) == int(((table.distances <= threshold) & ~table.pairs.is_same).sum())
    assert rows[0]["left_class"] != rows[0]["right_class"]


@pytest.mark.parametrize(("order", "sign"), [("near", 1), ("far", -1)])
def test_pairs_sort_by_distance(open_app: OpenApp, order: str, sign: int) -> None:
    app = open_app("pairs")
    app.get_by_key("pairs_order").set_value(order).run()
    distances = sign * np.array([float(card["distance"]) for card in cards(app)])
    assert (np.diff(distances) >= 0).all()


def test_no_pair_left_is_said_in_words(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    table = cache.pair_table(cache.bundle("best"), "test")
    perfect = np.where(table.pairs.is_same, 0.0, 9.0).astype(np.float32)
    monkeypatch.setattr(cache, "pair_table", lambda *_: cache.PairTable(table.split, table.pairs, perfect))
    app = open_app("pairs")
    app.get_by_key("pairs_verdict").set_value("wrong").run()
    assert not app.exception
    assert "No pair passes" in app.info[0].value


def test_a_strangers_address_falls_back(open_app: OpenApp) -> None:
    app = open_app(
        "pairs", pairs_split="../x", pairs_truth="maybe", pairs_class="Hat", pairs_order="random", pairs_from="nan"
    )
    assert not app.exception
    assert len(cards(app)) == 24


def test_the_figure_of_ten_pairs_is_a_picture(open_app: OpenApp) -> None:
    from app.figures import ten_pairs_png

    table = cache.pair_table(cache.bundle("best"), "test")
    with Image.open(io.BytesIO(ten_pairs_png(table, np.arange(30)))) as figure:
        assert figure.format == "PNG"
        assert figure.width > 1000
    assert open_app("pairs").get("download_button")


def test_with_the_sample_alone_there_are_test_pairs(open_app: OpenApp, sample_only: None) -> None:
    app = open_app("pairs")
    assert not app.exception
    assert "1,980" in app.markdown[0].value
    assert app.get_by_key("pairs_split_shown").options == ["Test"]
