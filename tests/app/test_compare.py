"""The page Compare, in AppTest."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.components.sketch_pad import Drawing
from app.examples import T_SHIRT
from siamese_core.artifacts import load_bundle
from siamese_core.building import TEST_PAIRS_SEED
from siamese_core.comparison import compare, pair_distances
from siamese_core.data import open_collection
from siamese_core.pairs import HARD_SHARE, tutorial_pairs
from siamese_core.preprocessing import preprocess
from siamese_core.sketch import Stroke, pack
from tests.app.conftest import OpenApp, component_data, ship
from tests.pictures import outline


def shown_distance(app: AppTest) -> str:
    """The number under the label Distance."""
    return next(metric.value for metric in app.metric if metric.label == "Distance")


def expected_distance(left: str, right: str, model: str = "best") -> str:
    """The distance the core gives, as the page writes it."""
    data, bundle = open_collection(), load_bundle(model)
    embeddings = bundle.encoder.embed(np.stack([data.image(left), data.image(right)]))
    return f"{compare(embeddings[0], embeddings[1], bundle.threshold).distance:.4f}"


def distance_between(left: np.ndarray, right: np.ndarray) -> str:
    """The distance of two images as the page writes it."""
    bundle = load_bundle("best")
    embeddings = bundle.encoder.embed(np.stack([left, right]))
    return f"{compare(embeddings[0], embeddings[1], bundle.threshold).distance:.4f}"


def png_of(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def test_opens_with_a_compared_pair(open_app: OpenApp) -> None:
    app = open_app()
    assert not app.exception
    assert not app.error
    assert shown_distance(app) == expected_distance("test:945", "test:7993")
    gauge = component_data(app, "gauge")
    assert gauge["word"] == "Same"
    assert gauge["threshold"] == pytest.approx(load_bundle("best").threshold)
    assert gauge["description"].startswith(f"Same: distance {shown_distance(app)}, threshold ")


def test_item_numbers_choose_the_pair(open_app: OpenApp) -> None:
    app = open_app()
    app.number_input(key="item_a").set_value(0)
    app.number_input(key="item_b").set_value(1).run()
    assert shown_distance(app) == expected_distance("test:0", "test:1")
    assert component_data(app, "gauge")["word"] == "Different"
    assert component_data(app, "card_a")["title"] == "Ankle boot"


def test_an_address_names_pair_split_and_model(open_app: OpenApp) -> None:
    app = open_app(item_a="5", item_b="9", split_b="train", model="classic")
    assert shown_distance(app) == expected_distance("test:5", "train:9", "classic")
    assert component_data(app, "card_b")["caption"] == "train 9"
    assert component_data(app, "gauge")["margin"] == 1.0


def test_item_zero_in_an_address_is_an_item_like_any_other(open_app: OpenApp) -> None:
    app = open_app(item_a="0")
    assert component_data(app, "card_a")["caption"] == "test 0"


def test_an_emptied_number_keeps_the_last_item(open_app: OpenApp) -> None:
    app = open_app(item_a="5")
    app.number_input(key="item_a").set_value(None).run()
    assert not app.exception
    assert component_data(app, "card_a")["caption"] == "test 5"


def test_an_item_has_distance_zero_to_itself(open_app: OpenApp) -> None:
    app = open_app(item_a="7", item_b="7")
    assert shown_distance(app) == "0.0000"


def test_an_item_that_is_not_there_is_refused_in_words(open_app: OpenApp) -> None:
    app = open_app(item_a="5", item_b="6")
    before = shown_distance(app)
    app.number_input(key="item_a").set_value(20_000).run()
    assert not app.exception
    assert "There is no item 20000 in the test split" in app.warning[0].value
    assert shown_distance(app) == before


@pytest.mark.parametrize(
    "hostile",
    [
        {"item_a": "nan"},
        {"item_a": "inf", "item_b": ""},
        {"item_a": "1e308", "item_b": "-1"},
        {"item_a": "../../etc/passwd"},
        {"item_b": "9" * 5000},
        {"split_a": "validation"},
        {"model": "../../etc"},
        {"model": "no-such-model"},
        {"active": "C"},
        {"drawing_a": "../../etc/passwd"},
        {"drawing_b": "A" * 20_000, "without_b": "given," * 500},
        {"drawing_a": "", "without_a": "filled"},
    ],
)
def test_a_strangers_address_opens_a_pair_all_the_same(open_app: OpenApp, hostile: dict[str, str]) -> None:
    app = open_app(**hostile)
    assert not app.exception
    assert float(shown_distance(app)) >= 0


def shown_items(app: AppTest) -> list[str]:
    return [component_data(app, f"card_{letter}")["caption"] for letter in "ab"]


def test_swap_exchanges_the_slots_and_twice_is_as_before(open_app: OpenApp) -> None:
    app = open_app(item_a="5", item_b="9", split_b="train")
    before = shown_distance(app)
    app.button(key="swap").click().run()
    assert shown_items(app) == ["train 9", "test 5"]
    assert shown_distance(app) == before
    app.button(key="swap").click().run()
    assert shown_items(app) == ["test 5", "train 9"]


def test_a_drawing_is_swapped_too(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="example_drawing").click().run()
    assert component_data(app, "card_a")["title"] == "Your drawing"
    before = shown_distance(app)
    app.button(key="swap").click().run()
    assert not app.exception
    assert [component_data(app, f"card_{letter}")["title"] for letter in "ab"] == ["T-shirt/top", "Your drawing"]
    assert shown_distance(app) == before
    app.button(key="example_same").click().run()
    assert shown_items(app) == ["test 945", "test 7993"]


@pytest.mark.parametrize(("example", "word", "agree"), [
    ("same", "Same", True), ("different", "Different", True), ("mislabelled", "Same", False), ("drawing", "Same", None),
])  # fmt: skip
def test_an_example_shows_what_it_says(open_app: OpenApp, example: str, word: str, agree: bool | None) -> None:
    app = open_app()
    app.button(key=f"example_{example}").click().run()
    gauge = component_data(app, "gauge")
    assert gauge["word"] == word
    assert ("so say the labels" in gauge["reason"]) == (agree is True)
    assert ("say otherwise" in gauge["reason"]) == (agree is False)


def test_examples_are_in_the_sample_too(open_app: OpenApp, sample_only: None) -> None:
    app = open_app()
    app.button(key="example_mislabelled").click().run()
    assert not app.warning
    assert shown_items(app) == ["test 787", "test 7264"]


def test_a_surprise_is_another_pair_and_a_hard_one_lies_near_the_threshold(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="surprise").click().run()
    assert shown_items(app) != ["test 945", "test 7993"]
    model, labels = load_bundle("best"), open_collection().split("test").labels
    pairs = tutorial_pairs(labels, np.random.default_rng(TEST_PAIRS_SEED))
    away = np.abs(pair_distances(model.gallery_embeddings, pairs) - model.threshold)
    near = max(np.quantile(away[pairs.is_same == kind], HARD_SHARE) for kind in (True, False))
    for _ in range(3):
        app.button(key="hard_pair").click().run()
        assert abs(float(shown_distance(app)) - model.threshold) <= near + 1e-4


def shown_probability(app: AppTest) -> str:
    return next(metric.value for metric in app.metric if metric.label == "P(same)")


def test_the_probability_is_the_cores_at_the_base_rate_in_the_address(open_app: OpenApp) -> None:
    curve, distance = load_bundle("best").calibration, float(expected_distance("test:3", "test:25"))
    for address, rate in (({}, 0.5), ({"base_rate": "5"}, 0.05)):
        app = open_app(item_a="3", item_b="25", **address)
        p_same = float(curve.probability(distance, base_rate=rate))
        assert shown_probability(app) in (f"{100 * p_same:.1f} %", "< 0.1 %", "> 99.9 %")


def test_a_rarer_match_is_less_probable(open_app: OpenApp) -> None:
    app = open_app()
    usual = shown_probability(app)
    app.slider(key="base_rate").set_value(2).run()
    assert float(shown_probability(app).strip("<> %")) < float(usual.strip("<> %"))


def test_who_wants_to_be_surer_hears_not_sure(open_app: OpenApp) -> None:
    app = open_app(item_a="945", item_b="7993", base_rate="1")
    assert component_data(app, "gauge")["band"] is None
    app.slider(key="sureness").set_value(99).run()
    gauge = component_data(app, "gauge")
    assert (gauge["word"], gauge["kind"]) == ("Not sure", "unsure")
    low, high = gauge["band"]
    assert low < gauge["distance"] < high


@pytest.mark.parametrize("value", ["0", "100", "nan", "x", "-3"])
def test_a_strangers_odds_fall_back(open_app: OpenApp, value: str) -> None:
    app = open_app(base_rate=value, sureness=value)
    assert not app.exception
    assert component_data(app, "gauge")["word"] in ("Same", "Not sure")


def test_why_shows_parts_that_sum_to_the_distance_squared(open_app: OpenApp) -> None:
    app = open_app(item_a="2", item_b="25", why="true")
    parts = component_data(app, "parts")
    assert len(parts["squares"]) == load_bundle("best").encoder.size
    a, b = load_bundle("best").gallery_embeddings[[2, 25]]
    assert sum(parts["squares"]) == pytest.approx(compare(a, b, 1.0).distance ** 2, abs=1e-6)
    assert sum(parts["squares"]) == pytest.approx(parts["distance"] ** 2, abs=1e-6)
    assert [len(heat) for heat in parts["heats"]] == [784, 784]
    assert max(map(abs, parts["heats"][0])) > 0.001


def test_why_is_found_out_on_demand_only(open_app: OpenApp) -> None:
    with pytest.raises(StopIteration):
        component_data(open_app(), "parts")


def test_neighbours_are_nearest_first_and_leave_the_item_out(open_app: OpenApp) -> None:
    app = open_app(item_a="945")
    near = component_data(app, "near_a")["items"]
    distances = [float(item["caption"]) for item in near]
    assert distances == sorted(distances)
    assert 945 not in [item["id"] for item in near]
    assert all(item["class"] == "Sandal" for item in near[:3])


def test_the_wall_shows_a_full_page_and_marks_the_pair(open_app: OpenApp) -> None:
    app = open_app(item_a="3", item_b="4")
    wall = component_data(app, "wall")
    assert len(wall["items"]) >= 96
    assert [item["badge"] for item in wall["items"][:5]] == ["", "", "", "A", "B"]
    assert wall["sprite"].startswith("/sprite/test.png?")


def test_the_wall_keeps_to_a_class_and_a_split(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="wall_split").select("train")
    app.selectbox(key="wall_class").select("Bag").run()
    wall = component_data(app, "wall")
    assert {item["class"] for item in wall["items"]} == {"Bag"}
    assert wall["split"] == "train"


def test_a_pick_goes_to_the_active_slot_and_the_other_is_next(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="switch_slot").click().run()
    assert component_data(app, "card_b")["active"]
    assert not component_data(app, "card_a")["active"]
    assert component_data(app, "wall")["slot"] == "B"


def test_an_uploaded_item_is_compared_like_the_item_itself(open_app: OpenApp) -> None:
    app = open_app(item_a="5", item_b="6")
    before = shown_distance(app)
    app.selectbox(key="source").select("upload").run()
    app.file_uploader(key="upload_a").upload("coat.png", png_of(open_collection().image("test:5"))).run()
    assert not app.error
    assert component_data(app, "card_a")["title"] == "Your picture"
    assert component_data(app, "card_a")["given"].startswith("data:image/png;base64,")
    assert app.number_input(key="item_a").value is None
    assert any("link does not carry" in one.value for one in app.caption)
    assert shown_distance(app) == before


def said_unlike_the_data(app: AppTest) -> int:
    """How many slots are said to hold something unlike the data."""
    return sum("Unlike the data" in caption.value for caption in app.caption)


def test_a_picture_of_something_else_is_said_to_be_unlike_the_data(open_app: OpenApp) -> None:
    app = open_app()
    assert said_unlike_the_data(app) == 0
    app.selectbox(key="source").select("upload").run()
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    app.file_uploader(key="upload_a").upload("noise.png", png_of(noise)).run()
    assert said_unlike_the_data(app) == 1
    app.number_input(key="item_a").set_value(8).run()
    assert said_unlike_the_data(app) == 0


def test_the_example_drawing_is_like_the_data(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="example_drawing").click().run()
    assert component_data(app, "card_a")["title"] == "Your drawing"
    assert said_unlike_the_data(app) == 0


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_broken_upload_is_refused_and_the_slot_keeps_its_item(open_app: OpenApp, content: bytes) -> None:
    app = open_app()
    before = shown_distance(app)
    app.selectbox(key="source").select("upload").run()
    app.file_uploader(key="upload_a").upload("broken.png", content).run()
    assert not app.exception
    assert "broken.png" in app.error[0].value
    assert shown_distance(app) == before


def test_choosing_a_number_takes_the_slot_back_from_an_upload(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="source").select("upload").run()
    app.file_uploader(key="upload_a").upload("item.png", png_of(open_collection().image("test:5"))).run()
    app.number_input(key="item_a").set_value(8).run()
    assert component_data(app, "card_a")["caption"] == "test 8"


def test_a_step_that_is_switched_off_changes_the_picture_and_the_distance(open_app: OpenApp) -> None:
    app = open_app(item_b="6")
    app.selectbox(key="source").select("upload").run()
    app.file_uploader(key="upload_a").upload("box.png", png_of(np.asarray(outline()))).run()
    grey, other = np.asarray(outline()), open_collection().image("test:6")
    strip = component_data(app, "steps_a")["steps"]
    assert [step["label"] for step in strip] == ["as given", "bright on black", "cropped", "filled", "28 × 28"]
    assert [step["switchable"] for step in strip] == [False, True, True, True, False]
    assert shown_distance(app) == distance_between(preprocess(grey).image, other)

    app.session_state["skipped_a"] = ("filled",)
    app.run()
    assert [step["on"] for step in component_data(app, "steps_a")["steps"]] == [True, True, True, False, True]
    assert shown_distance(app) == distance_between(preprocess(grey, skip=["filled"]).image, other)
    app.button(key="swap").click().run()
    assert [step["on"] for step in component_data(app, "steps_b")["steps"]] == [True, True, True, False, True]
    assert shown_distance(app) == distance_between(preprocess(grey, skip=["filled"]).image, other)


def test_a_drawing_has_no_polarity_to_switch_and_an_item_no_steps(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="example_drawing").click().run()
    names = [step["name"] for step in component_data(app, "steps_a")["steps"]]
    assert names == ["given", "cropped", "filled", "fitted"]
    with pytest.raises(StopIteration):
        component_data(app, "steps_b")


def test_a_drawing_is_ranked_by_class_and_an_item_is_not(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="example_drawing").click().run()
    classes = component_data(app, "classes_a")["classes"]
    shares = [one["share"] for one in classes]
    assert classes[0]["name"] == "T-shirt/top"
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < shares[0] < sum(shares) <= 1.0001
    with pytest.raises(StopIteration):
        component_data(app, "classes_b")


def test_a_drawing_stands_in_the_address_and_comes_back_from_it(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="example_drawing").click().run()
    app.session_state["skipped_a"] = ("cropped",)
    app.run()
    link = {name: app.query_params[name] for name in ("drawing_a", "without_a", "item_b")}
    assert link == {"drawing_a": pack(T_SHIRT.strokes), "without_a": "cropped", "item_b": "35"}
    elsewhere = open_app(**link)
    assert component_data(elsewhere, "card_a")["title"] == "Your drawing"
    assert shown_distance(elsewhere) == shown_distance(app)
    elsewhere.button(key="swap").click().run()
    assert {"drawing_b", "without_b"} <= set(elsewhere.query_params)
    assert not {"drawing_a", "without_a"} & set(elsewhere.query_params)
    elsewhere.button(key="example_same").click().run()
    assert not {"drawing_b", "without_b"} & set(elsewhere.query_params)


def test_a_damaged_drawing_in_the_address_is_told_of(open_app: OpenApp) -> None:
    app = open_app(drawing_b="AAAA")
    assert not app.exception
    assert "drawing in this link is damaged" in app.error[0].value
    assert shown_distance(app) == expected_distance("test:945", "test:7993")
    app.button(key="surprise").click().run()
    assert not app.error


def drawing_of(points: int, *, finished: bool = True) -> Drawing:
    return Drawing((Stroke(18, tuple((40 + 180 * (at % 2), at % 280) for at in range(points))),), finished)


def test_a_drawing_too_long_for_a_link_is_said_to_be_so(open_app: OpenApp) -> None:
    app = open_app()
    app.session_state["drawing_a"], app.session_state["kind_a"] = drawing_of(2_000), "drawing"
    app.run()
    assert "too long for a link" in next(one.value for one in app.caption if "link" in one.value)
    assert "drawing_a" not in app.query_params


def test_a_drawing_waits_for_the_end_of_its_stroke_to_enter_the_address(open_app: OpenApp) -> None:
    app = open_app()
    app.session_state["drawing_a"], app.session_state["kind_a"] = drawing_of(9, finished=False), "drawing"
    app.run()
    assert "drawing_a" not in app.query_params
    app.session_state["drawing_a"] = drawing_of(9)
    app.run()
    assert "drawing_a" in app.query_params


def test_an_item_as_upload_is_like_the_data_and_has_nothing_to_switch(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="source").select("upload").run()
    app.file_uploader(key="upload_a").upload("coat.png", png_of(open_collection().image("test:5"))).run()
    assert not any(step["switchable"] for step in component_data(app, "steps_a")["steps"])


def test_an_example_reaches_a_pad_that_is_mounted_already(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="source").select("draw").run()
    before = component_data(app, "pad_a")
    app.button(key="example_drawing").click().run()
    after = component_data(app, "pad_a")
    assert len(after["strokes"]) == len(T_SHIRT.strokes)
    assert after["version"] != before["version"]


def test_an_empty_pad_leaves_the_item(open_app: OpenApp) -> None:
    app = open_app()
    before = shown_distance(app)
    app.selectbox(key="source").select("draw").run()
    assert not app.exception
    assert component_data(app, "pad_a")["strokes"] == []
    assert shown_distance(app) == before


def test_without_a_model_the_page_says_what_to_do(open_app: OpenApp, own_artifacts: Path) -> None:
    app = open_app()
    assert not app.exception
    assert "train one on the page Train" in app.error[0].value


def test_a_damaged_model_is_set_aside_and_told_of_and_another_answers(open_app: OpenApp, own_artifacts: Path) -> None:
    ship("classic", own_artifacts)
    (own_artifacts / "best").mkdir()
    (own_artifacts / "best" / "manifest.json").write_text("{}")
    app = open_app()
    assert not app.exception
    assert not app.error
    assert "best has a damaged manifest.json" in app.warning[0].value
    assert app.selectbox(key="model").options == ["classic"]
    assert shown_distance(app) == expected_distance("test:945", "test:7993", "classic")
    assert (own_artifacts / ".damaged" / "best-1" / "manifest.json").read_text() == "{}"


def test_a_chosen_model_that_gets_damaged_gives_way_to_a_sound_one(open_app: OpenApp, own_artifacts: Path) -> None:
    ship("classic", own_artifacts)
    shutil.copytree(own_artifacts / "classic", own_artifacts / "mine")
    app = open_app("compare", model="mine")
    assert app.selectbox(key="model").value == "mine"
    (own_artifacts / "mine" / "manifest.json").write_text("{")
    app.run()
    assert not app.exception
    assert app.selectbox(key="model").options == ["classic"]
    assert "mine has a damaged manifest.json" in app.warning[0].value
    assert shown_distance(app) == expected_distance("test:945", "test:7993", "classic")


def test_a_model_of_a_newer_program_is_told_of_and_stays_where_it_is(open_app: OpenApp, own_artifacts: Path) -> None:
    ship("classic", own_artifacts)
    (own_artifacts / "best").mkdir()
    (own_artifacts / "best" / "manifest.json").write_text('{"schema": 2, "files": {}}')
    app = open_app()
    assert not app.exception
    assert "best has schema 2, not 1" in app.warning[0].value
    assert shown_distance(app) == expected_distance("test:945", "test:7993", "classic")
    assert (own_artifacts / "best").is_dir()


def test_with_the_sample_alone_the_app_says_so_and_compares(open_app: OpenApp, sample_only: None) -> None:
    app = open_app()
    assert not app.exception
    assert "1,000 sample images" in app.caption[0].value
    assert float(shown_distance(app)) > 0
    assert app.selectbox(key="wall_split").options == ["test"]
    app.number_input(key="item_a").set_value(1).run()
    assert "only a sample of them is here" in app.warning[0].value
