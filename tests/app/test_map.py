"""The page Map, in AppTest."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.examples import T_SHIRT
from siamese_core.artifacts import load_bundle
from siamese_core.bundle import Bundle
from siamese_core.data import open_collection
from siamese_core.gallery import Gallery
from siamese_core.sketch import pack
from tests.app.conftest import OpenApp, component_data

COATS = 4


@pytest.fixture
def mapless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Models as earlier versions saved them."""
    st.cache_resource.clear()
    monkeypatch.setattr(Bundle, "embedding_map", None)
    yield
    st.cache_resource.clear()


def shown(app: AppTest) -> dict:
    assert not app.exception
    return component_data(app, "map")


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def lassoed(app: AppTest, rows: np.ndarray) -> AppTest:
    """The app after a lasso around these rows of the test items."""
    chosen = np.zeros(10_000, bool)
    chosen[rows] = True
    app.session_state["lassoed"] = chosen
    return app.run()


def test_a_model_with_a_map_shows_neighbours_first_and_then_its_epochs(open_app: OpenApp) -> None:
    data = shown(open_app("map", model="classic"))
    assert data["first"] == "neighbours"
    epochs = load_bundle("classic").embedding_map.epochs.tolist()
    assert data["epochs"] == epochs
    assert (epochs[0], epochs[-1]) == (0, 20)
    assert data["kept"] == f"epoch-{load_bundle('classic').config['kept_epoch']}"
    assert [layout["name"] for layout in data["layouts"]] == ["neighbours", *(f"epoch-{epoch}" for epoch in epochs)]


def test_a_model_without_a_map_shows_its_plane_and_says_so(open_app: OpenApp, mapless: None) -> None:
    app = open_app("map", model="classic")
    assert shown(app)["first"] == shown(app)["kept"]
    assert len(shown(app)["layouts"]) == 1
    assert "saved without a map" in captions(app)


def test_both_slots_stand_on_the_map_with_their_nearest(open_app: OpenApp) -> None:
    app = open_app("map", item_a="2", item_b="25")
    model, test = load_bundle("best"), open_collection().split("test")
    gallery = Gallery(model.gallery_embeddings, test.labels, test.ids)
    for slot, item in zip(shown(app)["slots"], (2, 25), strict=True):
        found = gallery.nearest(model.gallery_embeddings[[item]], 7, exclude=item)
        assert slot["id"] == item
        assert slot["neighbours"] == found.ids[0].tolist()
        listed = component_data(app, f"map_near_{slot['slot'].lower()}")["items"]
        assert [tile["id"] for tile in listed] == [item, *slot["neighbours"]]


def test_an_item_is_chosen_by_its_number_too(open_app: OpenApp) -> None:
    app = open_app("map", item_a="2")
    app.number_input(key="item_a").set_value(77).run()
    assert shown(app)["slots"][0]["id"] == 77


def test_a_drawing_that_an_item_replaces_leaves_the_address(open_app: OpenApp) -> None:
    app = open_app("map", drawing_a=pack(T_SHIRT.strokes))
    assert shown(app)["slots"][0]["id"] is None
    assert "drawing_a" in app.query_params
    app.number_input(key="item_a").set_value(77).run()
    assert shown(app)["slots"][0]["id"] == 77
    assert "drawing_a" not in app.query_params


def test_a_training_item_and_a_drawing_are_stars_among_their_nearest(open_app: OpenApp) -> None:
    app = open_app("map", item_a="2")
    app.session_state["split_a"] = "train"
    app.session_state["kind_b"], app.session_state["item_b"] = "drawing", None
    app.session_state["drawing_b"] = T_SHIRT
    app.run()
    for slot in shown(app)["slots"]:
        assert slot["id"] is None
        assert len(slot["neighbours"]) == 7
        assert sum(slot["shares"]) == pytest.approx(1, abs=1e-3)
        assert np.isfinite(slot["place"]).all()
    assert "A is no test item" in captions(app)
    assert "B is no test item" in captions(app)


def test_the_distance_between_both_is_said(open_app: OpenApp) -> None:
    app = open_app("map", item_a="2", item_b="2")
    assert any("**0.0000** apart: same" in one.value for one in app.markdown)


def test_the_lasso_shows_its_items_and_how_many_of_each_class(open_app: OpenApp) -> None:
    labels = open_collection().split("test").labels
    rows = np.concatenate([np.flatnonzero(labels == COATS)[:30], np.flatnonzero(labels == 8)[:20]])
    app = lassoed(open_app("map"), np.sort(rows))
    assert app.subheader[0].value == "Items in the lasso: 50"
    assert "Coat 30 · Bag 20" in captions(app)
    assert [tile["id"] for tile in component_data(app, "map_wall")["items"]] == np.sort(rows)[:48].tolist()
    bits = np.frombuffer(base64.b64decode(shown(app)["chosen"]), np.uint8)
    assert np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist() == np.sort(rows).tolist()


def test_the_lasso_shows_the_pairs_decided_wrongly(open_app: OpenApp) -> None:
    labels = open_collection().split("test").labels
    rows = np.flatnonzero(np.isin(labels, (COATS, 6)))[:400]  # coats and shirts
    app = lassoed(open_app("map", map_view="pairs"), rows)
    pairs = component_data(app, "map_pairs")["pairs"]
    assert 0 < len(pairs) <= 12
    assert not any(pair["right_verdict"] for pair in pairs)
    assert {pair[side] for pair in pairs for side in ("left", "right")} <= set(rows.tolist())


def test_too_large_a_lasso_and_one_without_mistakes_are_said(open_app: OpenApp) -> None:
    app = lassoed(open_app("map", map_view="pairs"), np.arange(2_001))
    assert "2,000 items at most" in app.info[0].value
    assert "decided rightly" in lassoed(app, np.array([5])).info[0].value


def test_the_lasso_is_let_go(open_app: OpenApp) -> None:
    app = lassoed(open_app("map"), np.arange(5))
    app.button(key="let_go").click().run()
    assert shown(app)["chosen"] == ""
    assert not app.subheader


def test_the_sample_has_a_map_too(open_app: OpenApp, sample_only: None) -> None:
    app = open_app("map", model="classic")
    assert "1,000 test items" in shown(app)["label"]
    assert shown(app)["first"] == "neighbours"
