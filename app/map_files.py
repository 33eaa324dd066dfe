"""What the map in the browser fetches by address: which items there are, and where each epoch puts them."""

import re

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import cache
from app.sprites import base, data_version, keepable
from siamese_core.bundle import Bundle
from siamese_core.errors import SiameseError
from siamese_core.moving_map import read_watched
from siamese_core.projection import EmbeddingMap
from siamese_core.runs import Run, map_folder, run_ids

NEIGHBOURS = "neighbours"
_EPOCH = re.compile(r"epoch-(\d{1,4})")
_NUMBERS = "application/octet-stream"


def items_url() -> str:
    """Address of the test items, in the split's order: of each its number and its label, two bytes each."""
    return f"{base()}/map/items.bin?v={data_version()}"


def layout_url(model: Bundle, layout: str) -> str:
    """Address of a layout, `epoch-3` or `neighbours`: of each test item its place across and down, two bytes each."""
    return f"{base()}/map/{model.name}/{layout}.bin?v={_version(model)}"


def watched_url(run: Run) -> str:
    """Address of where an epoch of a run puts the first test items, with `{epoch}` for its number."""
    return f"{base()}/map/run/{run.id}/epoch-{{epoch}}.bin?v={data_version()}"


def map_routes() -> list[Route]:
    """The routes that answer `items_url`, `layout_url` and `watched_url`."""
    return [
        Route(f"{base()}/map/items.bin", serve_items),
        Route(f"{base()}/map/{{model}}/{{layout}}.bin", serve_layout),
        Route(f"{base()}/map/run/{{run}}/epoch-{{epoch:int}}.bin", serve_watched),
    ]


def serve_items(request: Request) -> Response:
    """Little-endian uint16 (n, 2)."""
    test = cache.collection().split("test")
    return keepable(request, _to_bytes(np.stack([test.ids, test.labels], axis=1)), _NUMBERS, version=data_version())


def serve_layout(request: Request) -> Response:
    """Little-endian uint16 (n, 2); 404 where there is no such model or layout."""
    try:
        model = cache.bundle(request.path_params["model"])
        places = find_layout(cache.embedding_map(model), request.path_params["layout"])
    except SiameseError as error:
        return PlainTextResponse(str(error), 404)
    if places is None:
        return PlainTextResponse("this model's map has no such layout", 404)
    return keepable(request, _to_bytes(places), _NUMBERS, version=_version(model))


def serve_watched(request: Request) -> Response:
    """Little-endian uint16 (m, 2); 404 where there is no such run or epoch."""
    run_id, epoch = request.path_params["run"], request.path_params["epoch"]
    try:
        places = read_watched(map_folder(run_id), epoch) if run_id in run_ids() else None
    except OSError:
        places = None
    if places is None:
        return PlainTextResponse("there is no such epoch of a run", 404)
    return keepable(request, places, _NUMBERS, version=data_version())


def find_layout(drawn: EmbeddingMap, layout: str) -> np.ndarray | None:
    """The places (n, 2) uint16 of a layout by its name; None where there is none."""
    if layout == NEIGHBOURS:
        return drawn.neighbourly
    named = _EPOCH.fullmatch(layout)
    if not named or int(named[1]) not in drawn.epochs:
        return None
    return drawn.principal[int(np.searchsorted(drawn.epochs, int(named[1])))]


def _to_bytes(numbers: np.ndarray) -> bytes:
    return numbers.astype("<u2").tobytes()


def _version(model: Bundle) -> str:
    return f"{model.fingerprint[:12]}-{data_version()}"
