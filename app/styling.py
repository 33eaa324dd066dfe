"""The style sheet as a part of the page itself, in force before anything is drawn."""

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE = Path(__file__).with_name("style.css")
_END = b"</body>"
_ABOUT_OTHER_BYTES = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range")


class StyledPage:
    """ASGI middleware: the style sheet stands at the end of the page that Streamlit serves.

    With `st.html` it would come late, after much had been drawn without it that then has to move. At the end, because
    Streamlit adds its own rules to the head and of two equal ones the later holds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._end = b"<style>\n" + STYLE.read_bytes() + b"</style>\n" + _END

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; hold a page back until it is whole, and add the style sheet."""
        if not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        started: Message | None = None
        page = bytearray()

        async def send_styled(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start" and _is_page(message):
                started = message
            elif started is None:
                await send(message)
            else:
                page.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    styled = page.replace(_END, self._end, 1)
                    headers = MutableHeaders(scope=started)
                    headers["content-length"] = str(len(styled))
                    del headers["etag"], headers["last-modified"]  # those of the file, which has not changed with ours
                    await send(started)
                    await send({"type": "http.response.body", "body": bytes(styled)})

        headers = [(name, value) for name, value in scope["headers"] if name not in _ABOUT_OTHER_BYTES]
        await self.app({**scope, "headers": headers}, receive, send_styled)


def _asks_for_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http" and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _is_page(started: Message) -> bool:
    headers = Headers(scope=started)
    is_file = "content-disposition" in headers  # a report that a visitor takes away
    return started["status"] == 200 and headers.get("content-type", "").startswith("text/html") and not is_file
