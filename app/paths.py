"""Where this app lies on the server, which Streamlit tells every visitor, and what keeps it from them."""

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAIN_SCRIPT = str(Path(__file__).resolve().with_name("main.py"))


class HiddenPaths:
    """ASGI middleware: what a WebSocket sends names the main script by points, as many as its path has bytes.

    The messages tell the length of each text before it; so it stays.
    """

    def __init__(self, app: ASGIApp, *, path: str = MAIN_SCRIPT) -> None:
        self.app = app
        self._path = path.encode()
        self._points = b"." * len(self._path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the path hidden."""

        async def send_hidden(message: Message) -> None:
            if message["type"] == "websocket.send" and message.get("bytes"):
                message = {**message, "bytes": message["bytes"].replace(self._path, self._points)}
            await send(message)

        await self.app(scope, receive, send_hidden if scope["type"] == "websocket" else send)
