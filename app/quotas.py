"""How much visitors may upload: Streamlit keeps every upload in memory for as long as its session lives."""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

_LOG = logging.getLogger(__name__)
_MEBIBYTE = 1024 * 1024
SESSION_BYTES = 24 * _MEBIBYTE
"""Three pictures of the largest size: two slots, and one that takes the place of another."""
SESSION_FILES = 8
SERVER_BYTES = 192 * _MEBIBYTE
SERVER_FILES = 512
FILE_BYTES = 9 * _MEBIBYTE
"""What an upload that does not say its size may have: `server.maxUploadSize`, and what Streamlit adds for framing."""
UPLOAD_SECONDS = 120.0
"""8 MB through a slow telephone; whoever sends a byte a minute holds a place no longer than this."""
_PATH = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")

SESSION_FULL = "You have uploaded as much as one visit may hold; reload the page to begin anew."
SERVER_FULL = "All visitors together have uploaded as much as this server can hold; try again in a minute."
TOO_SLOW = "The upload took too long; try again with a smaller picture."

Stored = Mapping[str, Mapping[str, UploadedFileRec]]


def stored_uploads() -> Stored:
    """What Streamlit keeps at this moment: of each session its files by their ids."""
    return get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]  # the manager in memory has it


class UploadQuotas:
    """ASGI middleware: bounds files and bytes that one session, and all together, have uploaded or are uploading."""

    def __init__(
        self, app: ASGIApp, *, stored: Callable[[], Stored] = stored_uploads, seconds: float = UPLOAD_SECONDS
    ) -> None:
        self.app = app
        self._stored = stored
        self._seconds = seconds
        self._coming: dict[str, list[int]] = defaultdict(list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an upload on where there is room for it, and everything that is none."""
        upload = _PATH.search(scope.get("path", "")) if scope.get("method") == "PUT" else None
        if upload is None:
            await self.app(scope, receive, send)
            return
        session, size = upload[1], _announced_size(scope)
        reason = self._find_reason(session, size)
        if reason:
            await _refuse(reason, 429, scope, receive, send)
            return
        self._coming[session].append(size)
        try:
            await self._take_in_time(scope, receive, send)
        finally:
            self._coming[session].remove(size)
            if not self._coming[session]:
                del self._coming[session]

    def _find_reason(self, session: str, size: int) -> str | None:
        """Why an upload of so many bytes cannot be taken; None where it can."""
        kept = {one: [len(file.data) for file in list(files.values())] for one, files in list(self._stored().items())}
        own = [*kept.get(session, ()), *self._coming.get(session, ())]
        if len(own) >= SESSION_FILES or sum(own) + size > SESSION_BYTES:
            return SESSION_FULL
        everything = [each for sizes in (*kept.values(), *self._coming.values()) for each in sizes]
        if len(everything) >= SERVER_FILES or sum(everything) + size > SERVER_BYTES:
            return SERVER_FULL
        return None

    async def _take_in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_answered = False

        async def watched_send(message: Message) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self.app(scope, receive, watched_send)
        except TimeoutError:
            if not has_answered:
                await PlainTextResponse(TOO_SLOW, 408, headers={"Connection": "close"})(scope, receive, send)


def _announced_size(scope: Scope) -> int:
    """The bytes an upload says it has; the most it could have where it says nothing that can be believed."""
    said = Headers(scope=scope).get("content-length", "")
    return min(int(said), FILE_BYTES) if said.isascii() and said.isdigit() and len(said) < 20 else FILE_BYTES


async def _refuse(reason: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Say no after the body has gone by unkept: a browser reads no answer before it has sent all."""
    _LOG.warning("upload refused: %s", "session full" if reason == SESSION_FULL else "server full")
    seen = 0
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            while seen <= FILE_BYTES:
                message = await receive()
                seen += len(message.get("body", b""))
                if not message.get("more_body"):
                    break
    except TimeoutError:
        pass
    await PlainTextResponse(reason, status, headers={"Connection": "close"})(scope, receive, send)
