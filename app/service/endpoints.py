"""What `/api` answers: each request's images and options go to the core's own calls."""

import io
import json
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import cache
from app.service.bodies import NPY, Body, open_images, read_body
from app.service.metrics import count_request
from app.service.refusals import MethodError, NotHereError, RequestError, status_of
from app.service.turns import Turns
from siamese_core.answers import distance_answer, search_answer
from siamese_core.bundle import Bundle
from siamese_core.errors import SiameseError

MAX_SEARCHED, MAX_EMBEDDED = 100, 10_000
MAX_NEIGHBOURS = 1_000
_DESCRIPTION = Path(__file__).with_name("openapi.json")
_turns = Turns()

Options = Mapping[str, str]
Answer = Callable[[Body, Options], Response]


def _endpoint(answer: Answer) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """An endpoint that reads a request, has `answer` take its turn, and says in one sentence what it refuses."""

    async def respond(request: Request) -> Response:
        began = time.perf_counter()
        response = await _response(answer, request)
        count_request(answer.__name__.strip("_"), response.status_code, time.perf_counter() - began)
        return response

    return respond


async def _response(answer: Answer, request: Request) -> Response:
    try:
        if request.method != "POST":
            raise MethodError("Send images by POST; /api/openapi.json says how.")
        with _turns.place():
            body = await _turns.read(read_body(request))
            options = {**request.query_params, "accept": request.headers.get("accept", "")}
            return await _turns.take(lambda: answer(body, options))
    except SiameseError as error:
        return _refuse(error)


def _refuse(error: SiameseError) -> Response:
    headers = error.headers if isinstance(error, RequestError) else None
    return JSONResponse({"error": str(error)}, status_of(error), headers)


def _distance(body: Body, options: Options) -> Response:
    images = open_images(body, most=2)
    if len(images.pixels) != 2:
        raise RequestError("A distance needs two images.")
    base_rate = _number(options, "base_rate", 0.5, above=0.0, below=1.0)
    sureness = _number(options, "sureness", 0.5, above=0.0, below=1.0)
    return JSONResponse(distance_answer(_model(options), images.pixels, base_rate=base_rate, sureness=sureness))


def _search(body: Body, options: Options) -> Response:
    model, names = _model(options), cache.collection().class_names
    images = open_images(body, most=MAX_SEARCHED)
    k = int(_number(options, "k", 10, above=0, below=MAX_NEIGHBOURS + 1))
    found = search_answer(model, cache.gallery(model), names, images.pixels, references=images.references, k=k)
    return JSONResponse({"model": model.name, "results": found})


def _embed(body: Body, options: Options) -> Response:
    model = _model(options)
    embeddings = model.encoder.embed(open_images(body, most=MAX_EMBEDDED).pixels)
    if NPY in options["accept"]:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, embeddings)
        return Response(buffer.getvalue(), media_type=NPY, headers={"X-Model": model.name})
    return JSONResponse({"model": model.name, "embeddings": embeddings.tolist()})


def _model(options: Options) -> Bundle:
    """The model that is asked for by its name, else the first one that can be used."""
    names = cache.model_names()
    name = options.get("model")
    model = cache.first_usable(names) if name is None else cache.bundle(name) if name in names else None
    if model is None:
        known = ", ".join(names[:10]) or "none"
        raise NotHereError("There is no model {name!r}; there are: {known}.", name=(name or "")[:70], known=known)
    return model


def _number(options: Options, name: str, default: float, *, above: float, below: float) -> float:
    try:
        number = float(options.get(name, default))
    except ValueError:
        number = math.nan
    if not above < number < below:
        raise RequestError("{name} must lie between {low:g} and {high:g}.", name=name, low=above, high=below)
    return number


def describe(_: Request) -> Response:
    """The OpenAPI description."""
    return JSONResponse(json.loads(_DESCRIPTION.read_text(encoding="utf-8")))


def nothing(_: Request) -> Response:
    """What every other address below `/api` answers."""
    return _refuse(NotHereError("There is nothing at this address; /api/openapi.json says what there is."))


distance, search, embed = map(_endpoint, (_distance, _search, _embed))
