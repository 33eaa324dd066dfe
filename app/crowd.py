"""How many visitors may be there at once: each open page holds memory and a thread of the server."""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

_LOG = logging.getLogger(__name__)
VISITORS = 200
TRY_AGAIN_LATER = 1013
"""The WebSocket protocol's code for it; Streamlit's front end tries again by itself."""


class VisitorLimit:
    """ASGI middleware: turns away who comes when so many pages are open."""

    def __init__(self, app: ASGIApp, *, visitors: int = VISITORS) -> None:
        self.app = app
        self.visitors = visitors
        self.present = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on everything but one connection too many."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        if self.present >= self.visitors:
            _LOG.warning("visitor turned away: %d pages are open", self.present)
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
        self.present += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.present -= 1
