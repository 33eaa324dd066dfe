"""Sprite sheets, and the route that serves them."""

import io
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from app.sprites import (
    ATLAS_COLUMNS,
    COLUMNS,
    MAX_ITEMS,
    atlas_url,
    draw_sprite,
    serve_atlas,
    serve_sprite,
    sprite_url,
)
from siamese_core.data import open_collection


def ask(split: str, query: str) -> Response:
    scope = {"type": "http", "query_string": query.encode(), "path_params": {"split": split}, "headers": []}
    return serve_sprite(Request(scope))


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


def test_tiles_stand_row_after_row() -> None:
    images = np.random.default_rng(0).integers(0, 256, (COLUMNS + 1, 28, 28), dtype=np.uint8)
    sheet = pixels(draw_sprite(images))
    assert sheet.shape == (2 * 28, COLUMNS * 28)
    np.testing.assert_array_equal(sheet[:28, 28:56], images[1])
    np.testing.assert_array_equal(sheet[28:, :28], images[COLUMNS])
    assert not sheet[28:, 28:].any()


def test_the_address_gives_the_items_and_may_be_kept() -> None:
    address = urlsplit(sprite_url("test", [5, 3]))
    answer = ask("test", address.query)
    assert address.path == "/sprite/test.png"
    assert parse_qs(address.query)["ids"] == ["5,3"]
    assert "immutable" in answer.headers["cache-control"]
    np.testing.assert_array_equal(pixels(answer.body)[:, 28:], open_collection().image("test:3"))


def test_an_answer_of_other_data_is_not_kept() -> None:
    assert ask("test", "v=000&ids=1").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("ids", ["", "x", "1,", "-1", "1;2", "1.5", ",".join(["1"] * (MAX_ITEMS + 1)), "9" * 7])
def test_what_is_no_list_of_items_is_refused(ids: str) -> None:
    assert ask("test", f"ids={ids}").status_code == 400


@pytest.mark.parametrize(("split", "ids"), [("test", "10000"), ("validation", "1"), ("../test", "1")])
def test_items_that_are_not_there_are_not_found(split: str, ids: str) -> None:
    assert ask(split, f"ids={ids}").status_code == 404


def test_the_atlas_holds_every_test_item_in_its_place() -> None:
    address = urlsplit(atlas_url())
    answer = serve_atlas(Request({"type": "http", "query_string": address.query.encode(), "headers": []}))
    sheet, images = pixels(answer.body), open_collection().split("test").images
    assert address.path == "/atlas/test.png"
    assert "immutable" in answer.headers["cache-control"]
    assert sheet.shape == (len(images) // ATLAS_COLUMNS * 28, ATLAS_COLUMNS * 28)
    down, across = divmod(4_321, ATLAS_COLUMNS)
    np.testing.assert_array_equal(sheet[28 * down : 28 * down + 28, 28 * across : 28 * across + 28], images[4_321])
