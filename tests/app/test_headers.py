"""The response headers, without a server."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.headers import FRAME_ANCESTORS, SecurityHeaders


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def headers_of(query: bytes) -> dict[str, str]:
    """What an answer to an address with this query carries."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(SecurityHeaders(answer)({"type": "http", "query_string": query}, receive, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_anybody_may_frame_what_is_embedded_and_nobody_the_rest() -> None:
    assert headers_of(b"item_a=1&embed=true")["content-security-policy"] == "frame-ancestors *"
    assert headers_of(b"item_a=1")["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("query", [b"", b"embed=false", b"embed=truest", b"note=embed=true", b"xembed=true"])
def test_what_is_not_embedded_is_not_framed(query: bytes) -> None:
    assert "content-security-policy" not in headers_of(query)


@pytest.mark.parametrize(("setting", "ancestors"), [
    ("https://school.example https://*.edu.example", "https://school.example https://*.edu.example"),
    ("'self'; script-src *", "'self' script-src *"),
    ("a.example\r\nX-Evil: 1", "a.example X-Evil: 1"),
    ("", "'none'"),
])  # fmt: skip
def test_the_operator_names_who_may_frame(monkeypatch: pytest.MonkeyPatch, setting: str, ancestors: str) -> None:
    monkeypatch.setenv(FRAME_ANCESTORS, setting)
    assert headers_of(b"embed=true")["content-security-policy"] == f"frame-ancestors {ancestors}"
