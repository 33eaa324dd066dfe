"""The Link header of a page, without a server."""

import asyncio
import re
from pathlib import Path

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message
from streamlit.file_util import get_static_dir

from app.preloading import WIDGETS, Preloading, preload_header


def link_of(answer: Response) -> str | None:
    """The Link header with which an answer leaves the server."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(Preloading(answer)({"type": "http", "method": "GET"}, receive, send))
    return dict(sent[0]["headers"]).get(b"link", b"").decode() or None


def test_a_page_names_its_widgets_and_what_they_import() -> None:
    named = re.findall(r"<\./([^>]+)>; rel=modulepreload", link_of(HTMLResponse("a page")) or "")
    assert [name for name in named if not (Path(get_static_dir()) / name).is_file()] == []
    stems = {Path(name).name.split(".")[0] for name in named}
    assert stems > set(WIDGETS), "Streamlit has renamed a widget's file"
    assert len(named) == len(set(named))


def test_it_names_nothing_that_the_page_itself_asks_for() -> None:
    page = (Path(get_static_dir()) / "index.html").read_text()
    assert [name for name in re.findall(r"([\w.-]+\.js)", preload_header()) if name in page] == []


def test_proxies_take_the_header() -> None:
    assert len(preload_header()) < 4_000, "nginx has room for 4 KB of headers"


def test_what_is_no_page_has_none() -> None:
    assert link_of(JSONResponse({})) is None
