"""Response headers that Streamlit does not send by itself."""

import os

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAME_ANCESTORS = "SIAMESE_FRAME_ANCESTORS"
"""Environment variable: the sites that may frame `?embed=true`, as in CSP's frame-ancestors; everybody without it.

What a hostile frame could have a visitor click unseen takes nothing from them: there are no accounts, and what others
would notice, trainings and the deletion of models, is not offered in a frame (see `main.py`).
"""
_POLICY = (
    "default-src 'self'; "
    "script-src 'self' blob: 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='; "
    "style-src 'self' 'unsafe-inline' blob:; "
    "img-src 'self' data: blob:; "
    "connect-src 'self' data:; "  # the camera's photograph is read from such an address
    "media-src 'self' blob:; "
    "font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)
"""What a page may load: this server's own, nothing that is written into the page but one line of Streamlit's."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}


class SecurityHeaders:
    """ASGI middleware: adds the headers, and lets other sites frame the app only through `?embed=true`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.ancestors = " ".join(os.environ.get(FRAME_ANCESTORS, "*").replace(";", " ").split()) or "'none'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers when the answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        embedded = b"embed=true" in scope.get("query_string", b"").split(b"&")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                ancestors = self.ancestors if embedded else "'self'"
                headers.setdefault("Content-Security-Policy", f"{_POLICY}; frame-ancestors {ancestors}")
                if not embedded:
                    headers.setdefault("X-Frame-Options", "SAMEORIGIN")
            await send(message)

        await self.app(scope, receive, send_with_headers)
