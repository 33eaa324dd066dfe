"""Routes that are made when they are first asked for."""

import asyncio
import subprocess
import sys

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import NoMatchFound, Route, Router
from starlette.types import Message

from app.late_routes import LateRoutes
from tests.app.conftest import PROJECT


async def name_item(request: Request) -> Response:
    return PlainTextResponse(f"item {request.path_params['item']}")


async def front_end(_: Request) -> Response:
    return PlainTextResponse("front end")


@pytest.fixture
def made() -> list[str]:
    """A note for each time that the routes were made."""
    return []


@pytest.fixture
def router(made: list[str]) -> Router:
    def make() -> list[Route]:
        made.append("now")
        return [Route("/late/{item:int}.png", name_item), Route("/late", name_item, methods=["POST"])]

    return Router([LateRoutes(["late"], make), Route("/{path:path}", front_end)])


def ask(router: Router, path: str, method: str = "GET") -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    asyncio.run(router(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_other_requests_make_nothing(router: Router, made: list[str]) -> None:
    assert ask(router, "/static/later.js") == (200, b"front end")
    assert made == []


def test_routes_are_made_once_and_answer(router: Router, made: list[str]) -> None:
    assert ask(router, "/late/7.png") == (200, b"item 7")
    assert ask(router, "/late/8.png") == (200, b"item 8")
    assert made == ["now"]


def test_what_no_late_route_takes_goes_on_to_the_next(router: Router) -> None:
    assert ask(router, "/late/seven.png") == (200, b"front end")


def test_another_method_is_taken_by_whoever_takes_it_fully(router: Router) -> None:
    assert ask(router, "/late") == (200, b"front end")


def test_nothing_is_found_by_name(router: Router) -> None:
    with pytest.raises(NoMatchFound):
        router.routes[0].url_path_for("name_item", item=7)


def test_the_front_door_opens_without_the_core() -> None:
    code = "import sys, streamlit_app; print(*({'numpy', 'siamese_core', 'PIL'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_every_own_route_is_within_reach() -> None:
    code = (
        "import streamlit_app; late, = streamlit_app.app._user_routes\n"
        "print(*(route.path for route in late._routes if late._parts.isdisjoint(route.path.split('/'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
