"""Tells a browser, with the page itself, which of the front end's files it will ask for a moment later.

Streamlit's front end loads the code of a widget when the first one comes over the socket: by then the page has been
idle, and each such file asks for others. All of them are known beforehand.
"""

import re
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.file_util import get_static_dir

WIDGETS = ("Html", "Selectbox", "NumberInput", "BidiComponent", "Button", "ButtonGroup", "Metric", "Pagination")
"""What stands on the first page, as the front end names it."""
_IMPORT = re.compile(r'from"\./([\w.-]+\.js)"|import"\./([\w.-]+\.js)"')


@cache
def preload_header() -> str:
    """The files of `WIDGETS` and what they import, as a Link header; empty where the front end has them otherwise."""
    folder = Path(get_static_dir()) / "static" / "js"
    page = (folder.parents[1] / "index.html").read_text(encoding="utf-8")
    names: dict[str, None] = {}
    waiting = [path.name for widget in WIDGETS for path in folder.glob(f"{widget}.*.js")]
    while waiting:
        name = waiting.pop(0)
        if name in names or name in page or not (folder / name).is_file():
            continue
        names[name] = None
        waiting += [one or other for one, other in _IMPORT.findall((folder / name).read_text(encoding="utf-8"))]
    return ", ".join(f"<./static/js/{name}>; rel=modulepreload" for name in names)


class Preloading:
    """ASGI middleware: adds the header to the page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the header where the answer is a page."""

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Link"] = preload_header()
            await send(message)

        await self.app(scope, receive, send_with_header if scope["type"] == "http" else send)
