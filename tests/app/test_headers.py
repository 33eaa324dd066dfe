"""The response headers, without a server."""

import asyncio
import base64
import hashlib
import re
from pathlib import Path

import pytest
import streamlit
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


def framed_by(query: bytes) -> str:
    """The part of the policy that says who may frame the answer; always its last."""
    return headers_of(query)["content-security-policy"].rsplit("; ", maxsplit=1)[-1]


def test_anybody_may_frame_what_is_embedded_and_nobody_the_rest() -> None:
    assert framed_by(b"item_a=1&embed=true") == "frame-ancestors *"
    assert "x-frame-options" not in headers_of(b"embed=true")
    assert framed_by(b"item_a=1") == "frame-ancestors 'self'"
    assert headers_of(b"item_a=1")["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("query", [b"", b"embed=false", b"embed=truest", b"note=embed=true", b"xembed=true"])
def test_what_is_not_embedded_is_not_framed(query: bytes) -> None:
    assert framed_by(query) == "frame-ancestors 'self'"


@pytest.mark.parametrize(("setting", "ancestors"), [
    ("https://school.example https://*.edu.example", "https://school.example https://*.edu.example"),
    ("'self'; sandbox x", "'self' sandbox x"),
    ("a.example\r\nX-Evil: 1", "a.example X-Evil: 1"),
    ("", "'none'"),
])  # fmt: skip
def test_the_operator_names_who_may_frame(monkeypatch: pytest.MonkeyPatch, setting: str, ancestors: str) -> None:
    monkeypatch.setenv(FRAME_ANCESTORS, setting)
    assert framed_by(b"embed=true") == f"frame-ancestors {ancestors}"


def test_every_answer_says_what_a_page_may_do() -> None:
    headers = headers_of(b"")
    assert headers["x-content-type-options"] == "nosniff"
    assert "microphone=()" in headers["permissions-policy"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "unsafe-eval" not in policy
    assert not any(source in policy for source in ("http:", "https:", "script-src *"))


def test_the_one_line_of_script_in_streamlits_page_is_the_one_that_is_allowed() -> None:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    lines = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(line.encode()).digest()).decode() for line in lines]
    assert re.findall(r"'sha256-([^']+)'", headers_of(b"")["content-security-policy"]) == hashes
