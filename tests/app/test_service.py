"""The service beside the pages: what it answers, what it refuses, and that its description tells the truth."""

import asyncio
import base64
import io
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from PIL import Image
from starlette.routing import Router
from starlette.types import Message

from app import warming
from app.service import endpoints, service_routes
from app.service.bodies import JSON, MAX_FILES, NPY
from app.service.refusals import BusyError
from app.service.turns import MAX_PRESENT, Turns
from siamese_core.__main__ import main
from siamese_core.artifacts import load_bundle
from siamese_core.data import open_collection
from siamese_core.images import MAX_BYTES
from tests.app.conftest import ship
from tests.pictures import boot, encoded

BOUNDARY = "part"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
SERVICE = Router(routes=service_routes())
DESCRIPTION = json.loads((Path(endpoints.__file__).with_name("openapi.json")).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.content)


def ask(path: str, content: bytes = b"", kind: str = JSON, *, accept: str = "*/*", method: str = "POST") -> Answer:
    """One request to the routes, without a server."""
    path, _, query = path.partition("?")
    headers = [(b"content-type", kind.encode()), (b"accept", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    pieces = [content[start : start + 65_536] for start in range(0, len(content), 65_536)] or [b""]
    coming = iter([{"type": "http.request", "body": piece, "more_body": True} for piece in pieces])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(coming, {"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(SERVICE(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))


def as_json(*images: object) -> bytes:
    return json.dumps({"images": images}).encode()


def as_npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def as_form(*parts: bytes | str) -> bytes:
    """Files and texts as the parts of a form."""
    lines = b""
    for number, part in enumerate(parts):
        file = f'; filename="{number}.png"' if isinstance(part, bytes) else ""
        lines += f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="image"{file}\r\n\r\n'.encode()
        lines += (part if isinstance(part, bytes) else part.encode()) + b"\r\n"
    return lines + f"--{BOUNDARY}--\r\n".encode()


def schema(name: str) -> Draft202012Validator:
    """A part of the description to hold an answer against."""
    return Draft202012Validator({**DESCRIPTION, "$ref": f"#/components/schemas/{name}"})


def command(*arguments: str) -> object:
    return json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    was_warm = warming.is_warm.is_set()
    warming.is_warm.set()
    yield
    if not was_warm:
        warming.is_warm.clear()


def test_a_distance_is_the_command_lines() -> None:
    answer = ask("/api/distance?base_rate=0.2&sureness=0.9", as_json("test:0", "test:9"))
    assert answer.status == 200
    assert answer.json == command("distance", "test:0", "test:9", "--base-rate", "0.2", "--sureness", "0.9")
    schema("Distance").validate(answer.json)


def test_what_is_near_is_the_command_lines_and_an_item_is_not_its_own_neighbour() -> None:
    answer = ask("/api/search?k=3&model=classic", as_json("test:0", "train:5"))
    assert answer.json["results"] == command("search", "test:0", "train:5", "-k", "3", "--model", "classic")
    assert "test:0" not in [near["item"] for near in answer.json["results"][0]["neighbours"]]
    schema("Found").validate(answer.json)


def test_embeddings_come_as_numbers_or_as_an_array() -> None:
    images = open_collection().split("test").images[:70]
    wanted = load_bundle("classic").encoder.embed(images)
    written = ask("/api/embed?model=classic", as_npy(images), NPY)
    packed = ask("/api/embed?model=classic", as_npy(images), NPY, accept=NPY)
    schema("Embeddings").validate(written.json)
    np.testing.assert_array_equal(np.float32(written.json["embeddings"]), wanted)
    assert packed.headers["content-type"] == NPY
    np.testing.assert_array_equal(np.load(io.BytesIO(packed.content)), wanted)


def test_an_image_is_the_same_in_whichever_way_it_comes() -> None:
    image = open_collection().image("test:3")
    png = encoded(Image.fromarray(image))
    data_address = "data:image/png;base64," + base64.b64encode(png).decode()
    bodies = [
        (as_json("test:3"), JSON),
        (as_json(image.tolist()), JSON),
        (as_json(data_address), JSON),
        (as_npy(image), NPY),
        (as_npy(image[None]), "application/octet-stream"),
        (as_npy(np.asfortranarray(image)), NPY),
        (as_form(png), FORM),
        (as_form("test:3"), FORM),
    ]
    answers = [ask("/api/embed", content, kind).content for content, kind in bodies]
    assert answers == [answers[0]] * len(bodies)


def test_files_and_items_go_together_in_a_form() -> None:
    answer = ask("/api/distance", as_form(encoded(boot()), "test:0"), FORM)
    assert answer.status == 200
    schema("Distance").validate(answer.json)


ROW = [0] * 28
BAD = {
    "neither": (b"x", "text/plain", 415, "Send application/x-npy"),
    "not json": (b"{", JSON, 400, "must be JSON such as"),
    "json without images": (b"[]", JSON, 400, "must be JSON such as"),
    "json nested without end": (b"[" * 100_000, JSON, 400, "must be JSON such as"),
    "no list": (b'{"images": "test:0"}', JSON, 400, "must be a list"),
    "nothing": (as_json(), JSON, 400, "holds no image"),
    "no npy": (b"x" * 784, NPY, 400, "no array in NumPy's"),
    "an npy of floats": (as_npy(np.zeros((1, 28, 28))), NPY, 400, "must be uint8"),
    "an npy of another shape": (as_npy(np.zeros((1, 27, 28), np.uint8)), NPY, 400, "must be uint8"),
    "an npy of none": (as_npy(np.zeros((0, 28, 28), np.uint8)), NPY, 400, "holds no image"),
    "an npy of objects": (as_npy(np.array([None])), NPY, 400, "must be uint8"),
    "half an npy": (as_npy(np.zeros((2, 28, 28), np.uint8))[:-1], NPY, 400, "must be uint8"),
    "an npy that promises much": (
        as_npy(np.zeros((1, 28, 28), np.uint8)).replace(b"(1, 28, 28), }          ", b"(999999999, 28, 28), }  "),
        NPY, 400, "must be uint8",
    ),
    "no such item": (as_json("test:99999999"), JSON, 404, "no item 99999999"),
    "no item's name": (as_json("../etc/passwd"), JSON, 404, "is no item"),
    "an image that is a number": (as_json(5), JSON, 400, "An image is an item"),
    "an address without base64": (as_json("data:image/png,x"), JSON, 400, "in valid base64"),
    "no base64": (as_json("data:image/png;base64,!"), JSON, 400, "in valid base64"),
    "too few rows": (as_json([ROW] * 27), JSON, 400, "28 rows of 28"),
    "ragged rows": (as_json([*[ROW] * 27, [0]]), JSON, 400, "28 rows of 28"),
    "too bright": (as_json([[256] * 28] * 28), JSON, 400, "28 rows of 28"),
    "without end": (as_json([[float("inf")] * 28] * 28), JSON, 400, "28 rows of 28"),
    "a number of many digits": (as_json([[10**30] * 28] * 28), JSON, 400, "28 rows of 28"),
    "an empty file": (as_form(b""), FORM, 422, "is empty"),
    "no picture": (as_form(b"MZ" * 50), FORM, 422, "not a picture"),
    "half a picture": (as_form(encoded(boot())[:-40]), FORM, 422, "damaged"),
    "nothing drawn": (as_form(encoded(Image.new("L", (50, 50)))), FORM, 422, "Nothing is drawn"),
    "no form": (b"x", FORM, 400, "form cannot be read"),
    "a form without a boundary": (b"x", "multipart/form-data", 400, "form cannot be read"),
    "too many parts": (as_form(*["test:0"] * (MAX_FILES + 1)), FORM, 400, "more than 100 parts"),
    "too large": (bytes(MAX_BYTES + 1), NPY, 413, "larger than 8 MB"),
    "too large a form": (as_form(bytes(MAX_BYTES)), FORM, 413, "larger than 8 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_refused_in_one_sentence(name: str) -> None:
    content, kind, status, words = BAD[name]
    answer = ask("/api/embed", content, kind)
    assert answer.status == status
    assert words in answer.json["error"]
    schema("Refusal").validate(answer.json)


@pytest.mark.parametrize(("path", "content", "status", "words"), [
    ("/api/distance", as_json("test:0"), 400, "needs two images"),
    ("/api/distance", as_json("test:0", "test:1", "test:2"), 413, "at most 2 images"),
    ("/api/search", as_json(*["test:0"] * 101), 413, "at most 100 images"),
    ("/api/distance?base_rate=1", as_json("test:0", "test:1"), 400, "base_rate must lie between 0 and 1"),
    ("/api/distance?sureness=nan", as_json("test:0", "test:1"), 400, "sureness must lie between"),
    ("/api/search?k=0", as_json("test:0"), 400, "k must lie between"),
    ("/api/search?k=1e9", as_json("test:0"), 400, "k must lie between"),
    ("/api/search?k=many", as_json("test:0"), 400, "k must lie between"),
    ("/api/embed?model=nobody", as_json("test:0"), 404, "no model 'nobody'"),
    ("/api/embed?model=../best", as_json("test:0"), 404, "no model '../best'"),
])  # fmt: skip
def test_what_is_asked_beyond_the_bounds_is_refused(path: str, content: bytes, status: int, words: str) -> None:
    answer = ask(path, content)
    assert answer.status == status
    assert words in answer.json["error"]


def test_a_request_that_finds_no_place_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    monkeypatch.setattr(endpoints, "_turns", turns)
    places = [turns.place() for _ in range(MAX_PRESENT)]
    for place in places:
        place.__enter__()
    refused = ask("/api/embed", as_json("test:0"))
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    places[0].__exit__(None, None, None)
    assert ask("/api/embed", as_json("test:0")).status == 200
    with turns.place(), pytest.raises(BusyError), turns.place():
        pass


def test_a_request_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(endpoints, "_turns", Turns(read_seconds=0.01))
    monkeypatch.setattr(endpoints, "read_body", lambda _: wait())
    assert ask("/api/embed", as_json("test:0")).status == 408


def test_requests_are_worked_on_one_after_the_other() -> None:
    running, most = 0, 0
    lock = threading.Lock()
    all_came = threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_came.wait(0.05)
        with lock:
            running -= 1

    async def crowd() -> None:
        turns = Turns()
        await asyncio.gather(*(turns.take(work) for _ in range(4)))

    asyncio.run(crowd())
    assert most == 1


def test_the_description_names_every_route_and_no_other(warm: None) -> None:
    assert set(DESCRIPTION["paths"]) == {route.path for route in service_routes() if "{" not in route.path}
    for path, methods in DESCRIPTION["paths"].items():
        assert ask(path, as_json("test:0", "test:1"), method=next(iter(methods)).upper()).status == 200
        assert len(methods) == 1
    assert ask("/api/openapi.json", method="GET").json == DESCRIPTION


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_images_come_by_post(method: str) -> None:
    refused = ask("/api/embed", as_json("test:0"), method=method)
    assert (refused.status, refused.headers["allow"]) == (405, "POST")


def test_other_addresses_are_nowhere_and_not_the_front_end() -> None:
    answer = ask("/api/v1/embed", as_json("test:0"))
    assert answer.status == 404
    assert "nothing at this address" in answer.json["error"]


def test_the_description_holds_together() -> None:
    for name, part in DESCRIPTION["components"]["schemas"].items():
        Draft202012Validator.check_schema(part)
        schema(name)
    text = json.dumps(DESCRIPTION)
    for kind, names in DESCRIPTION["components"].items():
        for name in names:
            assert f'"#/components/{kind}/{name}"' in text
    example = DESCRIPTION["components"]["requestBodies"]["images"]["content"][JSON]["example"]
    schema("Images").validate(example)
    assert ask("/api/distance", json.dumps(example).encode()).status == 200


def test_a_warm_server_with_data_and_model_is_ready(warm: None) -> None:
    assert ask("/healthz", method="GET").json == {"alive": True}
    answer = ask("/readyz", method="GET")
    assert (answer.status, answer.json) == (200, {"ready": True, "reasons": []})
    schema("Readiness").validate(answer.json)


def test_a_cold_server_is_alive_and_not_ready(warm: None) -> None:
    warming.is_warm.clear()
    assert ask("/healthz", method="GET").status == 200
    answer = ask("/readyz", method="GET")
    assert (answer.status, answer.json["reasons"]) == (503, ["The server is still warming up."])


def test_without_a_model_the_server_is_not_ready(warm: None, own_artifacts: Path) -> None:
    assert ask("/readyz", method="GET").json["reasons"] == ["There is no model that can be used."]
    ship("classic", own_artifacts)
    assert ask("/readyz", method="GET").status == 200


def test_without_data_the_server_is_not_ready(warm: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    st.cache_resource.clear()
    answer = ask("/readyz", method="GET")
    refused = ask("/api/embed", as_json("test:0"))
    st.cache_resource.clear()
    assert answer.status == 503
    assert "FASHION_MNIST_DIR has no file" in answer.json["reasons"][0]
    assert refused.status == 503


def test_with_a_full_disk_the_server_is_not_ready_unless_nobody_may_write(
    warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert ask("/readyz", method="GET").json["reasons"] == ["Only 1 MB are free where models are kept; 50 are needed."]
    monkeypatch.setenv("SIAMESE_READ_ONLY", "true")
    assert ask("/readyz", method="GET").status == 200


def figures() -> dict[str, float]:
    """The figures that /metrics tells, each line checked to be one."""
    answer = ask("/metrics", method="GET")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = {}
    announced: set[str] = set()
    for line in answer.content.decode().splitlines():
        if line.startswith("# TYPE "):
            announced.add(line.split()[2])
        elif not line.startswith("# HELP "):
            name, value = line.rsplit(" ", 1)
            bare = name.partition("{")[0]
            assert {bare, *(bare.removesuffix(end) for end in ("_bucket", "_sum", "_count"))} & announced
            told[name] = float(value)
    return told


def test_figures_count_answers_by_status_and_time(warm: None) -> None:
    before = figures()
    ask("/api/embed", as_json("test:0"))
    ask("/api/embed", b"{")
    after = figures()

    def more(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert more('siamese_requests_total{endpoint="embed",status="200"}') == 1
    assert more('siamese_requests_total{endpoint="embed",status="400"}') == 1
    assert more('siamese_request_seconds_count{endpoint="embed"}') == 2
    assert more('siamese_request_seconds_bucket{endpoint="embed",le="+Inf"}') == 2
    assert more('siamese_request_seconds_sum{endpoint="embed"}') > 0
    buckets = [value for name, value in after.items() if name.startswith('siamese_request_seconds_bucket{endpoint="e')]
    assert buckets == sorted(buckets)
    assert (after["siamese_ready"], after["siamese_training"]) == (1, 0)
    assert after["process_resident_memory_bytes"] > 10_000_000
