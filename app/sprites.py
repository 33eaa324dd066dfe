"""Sprite sheets: many items in one picture, fetched by address and kept by the browser."""

import io
import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import streamlit as st
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import cache
from siamese_core.errors import SiameseError

COLUMNS = 16
ATLAS_COLUMNS = 100
MAX_ITEMS = 200
_TILE = 28
_IDS = re.compile(rf"\d{{1,6}}(,\d{{1,6}}){{0,{MAX_ITEMS - 1}}}")
_A_YEAR = "public, max-age=31536000, immutable"


def sprite_url(split: str, ids: Iterable[int]) -> str:
    """Address of the sheet with these items, in this order; it changes when the data do."""
    numbers = ",".join(str(int(item)) for item in ids)
    return f"{base()}/sprite/{split}.png?v={data_version()}&ids={numbers}"


def sprite_routes() -> list[Route]:
    """The routes that answer `sprite_url` and `atlas_url`."""
    return [
        Route(f"{base()}/sprite/{{split}}.png", serve_sprite),
        Route(f"{base()}/atlas/test.png", serve_atlas),
    ]


def atlas_url() -> str:
    """Address of the one sheet with all test items, `ATLAS_COLUMNS` in a row, in the split's order."""
    return f"{base()}/atlas/test.png?v={data_version()}"


def serve_atlas(request: Request) -> Response:
    """The PNG of `atlas_url`: about 4 MB where all 10,000 items are there."""
    return keepable(request, _draw_atlas(data_version()), "image/png", version=data_version())


@lru_cache(maxsize=1)
def _draw_atlas(version: str) -> bytes:  # noqa: ARG001  (what the key is for)
    return draw_sprite(cache.collection().split("test").images, columns=ATLAS_COLUMNS)


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
    return keepable(request, draw_sprite(split.images[positions]), "image/png", version=data_version())


def keepable(request: Request, content: bytes, media_type: str, *, version: str) -> Response:
    """An answer that a browser may keep for good when the address names the version that it is of."""
    keep = _A_YEAR if request.query_params.get("v") == version else "no-store"
    return Response(content, media_type=media_type, headers={"Cache-Control": keep})


def draw_sprite(images: np.ndarray, *, columns: int = COLUMNS) -> bytes:
    """A grey PNG of the images uint8 (n, 28, 28), so many in a row, empty places black."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tiles = np.zeros((rows * columns, _TILE, _TILE), np.uint8)
    tiles[: len(images)] = images
    sheet = tiles.reshape(rows, columns, _TILE, _TILE).swapaxes(1, 2).reshape(rows * _TILE, columns * _TILE)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    return buffer.getvalue()


def data_version() -> str:
    """Another word when the data are others."""
    return cache.collection().fingerprint[:12]


def base() -> str:
    """What stands before every path where the app does not live at the root of its host."""
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""
