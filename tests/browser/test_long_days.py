"""Visitors who come, upload, draw, look and go: none sees another's picture, and nothing of them stays behind.

A few seconds of what `benchmarks/soak.py` and `benchmarks/isolation.py` do for an hour, with a real server.
"""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks import isolation, soak
from benchmarks.serving import Server, running_server
from benchmarks.visitor import Visitor

pytestmark = pytest.mark.browser
SECONDS = 180.0
FORGOTTEN_AFTER = 1.0
VISITS = 4
"""Of three sessions each."""
HANDLES_TO_KEEP = 7
"""Three of the last session's event loop, and what a server opens once for all; a leak would be twelve or more."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    """A server with temporary files of its own, which forgets who has gone after a second; its handles at first."""
    place = tmp_path_factory.mktemp("long_days")
    (place / "tmp").mkdir()
    environment = {"TMPDIR": str(place / "tmp"), "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": f"{FORGOTTEN_AFTER:.0f}"}
    with running_server(place / "artifacts", **environment) as running:
        wait_for(lambda: is_ready(running), "the server to be ready")
        yield running, soak.look(running, 0.0, 0).handles


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited too long for {what}"
        time.sleep(0.1)


def is_ready(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/readyz", timeout=SECONDS) as answer:  # noqa: S310  (our own)
            return answer.status == 200
    except OSError:
        return False


def test_visitors_at_the_same_time_see_their_own_pictures_alone(started: tuple[Server, int]) -> None:
    people = isolation.visit(started[0].url, visitors=4, steps=4)
    assert sum(len(person.seen) for person in people) >= 4
    assert [fault for person in people for fault in person.faults] == []


def test_nothing_of_visitors_who_have_gone_stays_behind(started: tuple[Server, int]) -> None:
    server, before = started
    rng = np.random.default_rng(0)
    for _ in range(VISITS):
        soak.visit(server.url, rng)

    def all_are_forgotten() -> bool:
        time.sleep(2 * FORGOTTEN_AFTER)  # else those who come to see would themselves still be remembered
        Visitor(server.url).close()  # sessions past their time are forgotten when another one comes
        return soak.look(server, 0.0, 0).handles <= before + HANDLES_TO_KEEP

    wait_for(all_are_forgotten, "all visitors to be forgotten")
    assert soak.look(server, 0.0, 0).files == 0
    assert '"exception"' not in Path(server.log).read_text(errors="replace")
