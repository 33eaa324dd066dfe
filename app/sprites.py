"""Sprite sheets: many items in one picture, fetched by address and kept by the browser."""

import io
import re
from collections.abc import Iterable

import numpy as np
import streamlit as st
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import cache
from siamese_core.errors import SiameseError

COLUMNS = 16
MAX_ITEMS = 200
_TILE = 28
_IDS = re.compile(rf"\d{{1,6}}(,\d{{1,6}}){{0,{MAX_ITEMS - 1}}}")
_A_YEAR = "public, max-age=31536000, immutable"


def sprite_url(split: str, ids: Iterable[int]) -> str:
    """Address of the sheet with these items, in this order; it changes when the data do."""
    numbers = ",".join(str(int(item)) for item in ids)
    return f"{_base()}/sprite/{split}.png?v={_version()}&ids={numbers}"


def sprite_route() -> Route:
    """The route that answers `sprite_url`."""
    return Route(f"{_base()}/sprite/{{split}}.png", serve_sprite)


def serve_sprite(request: Request) -> Response:
    """A PNG sheet; 400 for numbers that are none or too many, 404 for items that are not there."""
    ids = request.query_params.get("ids", "")
    if not _IDS.fullmatch(ids):
        return PlainTextResponse(f"ids must be 1 to {MAX_ITEMS} item numbers with commas between them", 400)
    try:
        split = cache.collection().split(request.path_params["split"])
        positions = [split.position(int(item)) for item in ids.split(",")]
    except SiameseError as error:
        return PlainTextResponse(str(error), 404)
    keep = _A_YEAR if request.query_params.get("v") == _version() else "no-store"
    return Response(draw_sprite(split.images[positions]), media_type="image/png", headers={"Cache-Control": keep})


def draw_sprite(images: np.ndarray) -> bytes:
    """A grey PNG of the images uint8 (n, 28, 28), `COLUMNS` in a row, empty places black."""
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    tiles = np.zeros((rows * columns, _TILE, _TILE), np.uint8)
    tiles[: len(images)] = images
    sheet = tiles.reshape(rows, columns, _TILE, _TILE).swapaxes(1, 2).reshape(rows * _TILE, columns * _TILE)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    return buffer.getvalue()


def _version() -> str:
    return cache.collection().fingerprint[:12]


def _base() -> str:
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""
