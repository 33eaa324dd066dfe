"""The page with its style sheet, without a server."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from app.styling import STYLE, StyledPage

PAGE = "<html><head></head><body><div id='root'></div></body></html>" + "<!-- long -->" * 1_000
ACCEPTS_PAGES = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def page(request) -> Response:
    if request.headers.get("if-none-match") == "its":
        return Response(status_code=304)
    return HTMLResponse(PAGE, headers={"etag": "its", "last-modified": "Sat, 28 Nov 2026 09:00:19 GMT"})


async def text(_) -> Response:
    return PlainTextResponse(PAGE)


async def missing(_) -> Response:
    return HTMLResponse(PAGE, status_code=404)


async def report(_) -> Response:
    return HTMLResponse(PAGE, headers={"content-disposition": 'attachment; filename="comparison.html"'})


ROUTES = [Route("/", page), Route("/text", text), Route("/missing", missing), Route("/report", report)]
APP = Starlette(routes=ROUTES, middleware=[Middleware(StyledPage), Middleware(GZipMiddleware)])
"""Compresses its pages behind the style sheet, as Streamlit's server does."""


def get(path: str, headers: dict[str, str]) -> tuple[int, Headers, str]:
    """Status, headers and text of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": named}
    asyncio.run(APP(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], Headers(raw=sent[0]["headers"]), body.decode()


def test_page_ends_with_the_style_sheet() -> None:
    _, headers, body = get("/", {**ACCEPTS_PAGES, "accept-encoding": "gzip"})
    style = f"<style>\n{STYLE.read_text('utf-8')}</style>\n"
    assert body == PAGE.replace("</body>", f"{style}</body>")
    assert int(headers["content-length"]) == len(body.encode())


def test_page_kept_from_before_is_not_taken_for_todays() -> None:
    status, headers, _ = get("/", {**ACCEPTS_PAGES, "if-none-match": "its"})
    assert status == 200
    assert "etag" not in headers
    assert "last-modified" not in headers


@pytest.mark.parametrize(("path", "headers"), [
    ("/text", ACCEPTS_PAGES),
    ("/missing", ACCEPTS_PAGES),
    ("/report", ACCEPTS_PAGES),
    ("/", {"accept": "*/*"}),
])  # fmt: skip
def test_everything_else_is_passed_on_as_it_is(path: str, headers: dict[str, str]) -> None:
    assert get(path, headers)[2] == PAGE


def test_web_sockets_are_passed_on() -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])

    asyncio.run(StyledPage(app)({"type": "websocket"}, None, None))
    assert seen == ["websocket"]
