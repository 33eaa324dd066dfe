"""What the map in the browser fetches by address."""

from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response

from app import cache
from app.map_files import NEIGHBOURS, items_url, layout_url, serve_items, serve_layout, serve_watched, watched_url
from siamese_core import runs
from siamese_core.data import open_collection


def ask(model: str, layout: str, query: str = "") -> Response:
    parts = {"path_params": {"model": model, "layout": layout}, "query_string": query.encode()}
    return serve_layout(Request({"type": "http", "headers": [], **parts}))


def numbers(answer: Response) -> np.ndarray:
    return np.frombuffer(answer.body, "<u2").reshape(-1, 2)


def test_items_come_with_number_and_label_in_the_splits_order() -> None:
    query = urlsplit(items_url()).query
    answer = serve_items(Request({"type": "http", "headers": [], "query_string": query.encode()}))
    test = open_collection().split("test")
    np.testing.assert_array_equal(numbers(answer), np.stack([test.ids, test.labels], axis=1))
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("layout", [NEIGHBOURS, "epoch-0", "epoch-20"])
def test_a_layout_takes_forty_kilobytes_and_may_be_kept(layout: str) -> None:
    model = cache.bundle("classic")
    address = urlsplit(layout_url(model, layout))
    answer = ask("classic", layout, address.query)
    drawn = model.embedding_map
    wanted = {NEIGHBOURS: drawn.neighbourly, "epoch-0": drawn.principal[0], "epoch-20": drawn.principal[-1]}[layout]
    assert address.path == f"/map/classic/{layout}.bin"
    assert len(answer.body) == 40_000
    assert "immutable" in answer.headers["cache-control"]
    np.testing.assert_array_equal(numbers(answer), wanted)


def test_an_answer_of_another_version_is_not_kept() -> None:
    assert ask("classic", NEIGHBOURS, "v=000").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("model", "layout"), [
    ("classic", "epoch-21"), ("classic", "epoch--1"), ("classic", "epoch-"), ("classic", "../config"),
    ("classic", "epoch-99999"), ("nobody", NEIGHBOURS), ("../best", NEIGHBOURS), ("sample", NEIGHBOURS),
])  # fmt: skip
def test_what_is_not_there_is_not_found(model: str, layout: str) -> None:
    assert ask(model, layout).status_code == 404


RUN = "20260101-000000-123456"


def ask_run(run: str, epoch: int, query: str = "") -> Response:
    parts = {"path_params": {"run": run, "epoch": epoch}, "query_string": query.encode()}
    return serve_watched(Request({"type": "http", "headers": [], **parts}))


def test_where_an_epoch_of_a_run_puts_the_items_may_be_kept(own_artifacts: Path) -> None:
    folder = runs.map_folder(RUN)
    folder.mkdir(parents=True)
    (folder / "epoch-3.bin").write_bytes(bytes(range(8)))
    address = urlsplit(watched_url(runs.Run(RUN, "running", {}, [], None)))
    answer = ask_run(RUN, 3, address.query)
    assert address.path == f"/map/run/{RUN}/epoch-{{epoch}}.bin"
    assert answer.body == bytes(range(8))
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(("run", "epoch"), [(RUN, 4), ("20260101-000000-123457", 3), ("..", 3), (".", 3)])
def test_an_epoch_of_no_run_is_not_found(own_artifacts: Path, run: str, epoch: int) -> None:
    folder = runs.map_folder(RUN)
    folder.mkdir(parents=True)
    (folder / "epoch-3.bin").write_bytes(b"1234")
    assert ask_run(run, epoch).status_code == 404
