"""Uploads and visitors beyond what the server can hold, without a server."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from app import quotas
from app.crowd import TRY_AGAIN_LATER, VisitorLimit
from app.paths import HiddenPaths
from app.quotas import FILE_BYTES, SESSION_BYTES, SESSION_FILES, UploadQuotas

EIGHT = 8 * 1024 * 1024
PATH = "/_stcore/upload_file/{}/{}"
Store = dict[str, dict[str, UploadedFileRec]]


def upload_scope(session: str, size: int | None, number: object = 0, base: str = "") -> Scope:
    headers = [] if size is None else [(b"content-length", str(size).encode())]
    return {"type": "http", "method": "PUT", "path": base + PATH.format(session, number), "headers": headers}


def keeping(store: Store, size: int) -> ASGIApp:
    """What Streamlit does with an upload: it keeps it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        session, number = scope["path"].split("/")[-2:]
        store.setdefault(session, {})[number] = UploadedFileRec(number, "picture.png", "image/png", bytes(size))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return app


def ask(app: ASGIApp, scope: Scope, body: Iterator[bytes] | None = None) -> tuple[int, str]:
    """The status and the words of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        part = next(body, None) if body else None
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    asyncio.run(app(scope, receive, send))
    words = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], words.decode()


def test_one_session_keeps_three_large_pictures_of_five_hundred_and_others_are_unhurt() -> None:
    store: Store = {}
    app = UploadQuotas(keeping(store, EIGHT), stored=lambda: store)
    answers = [ask(app, upload_scope("greedy", EIGHT, number)) for number in range(500)]
    assert [status for status, _ in answers].count(204) == SESSION_BYTES // EIGHT == 3
    assert answers[-1] == (429, quotas.SESSION_FULL)
    assert ask(app, upload_scope("other", EIGHT)) == (204, "")


def test_one_session_keeps_so_many_small_pictures() -> None:
    store: Store = {}
    app = UploadQuotas(keeping(store, 1), stored=lambda: store)
    statuses = [ask(app, upload_scope("greedy", 1, number))[0] for number in range(20)]
    assert statuses.count(204) == SESSION_FILES


def test_there_is_room_again_when_a_picture_is_taken_away() -> None:
    store: Store = {}
    app = UploadQuotas(keeping(store, EIGHT), stored=lambda: store)
    for number in range(4):
        ask(app, upload_scope("s", EIGHT, number))
    del store["s"]["0"]
    assert ask(app, upload_scope("s", EIGHT, "again"))[0] == 204


def test_all_sessions_together_are_bounded() -> None:
    store: Store = {}
    app = UploadQuotas(keeping(store, EIGHT), stored=lambda: store)
    answers = [ask(app, upload_scope(f"visitor-{number}", EIGHT)) for number in range(30)]
    assert [status for status, _ in answers].count(204) == quotas.SERVER_BYTES // EIGHT
    assert answers[-1] == (429, quotas.SERVER_FULL)


@pytest.mark.parametrize("said", [None, "-1", "1e3", "²", "9" * 400])
def test_who_does_not_say_a_size_is_counted_with_the_largest(said: str | None) -> None:
    store: Store = {"s": {"0": UploadedFileRec("0", "", "", bytes(SESSION_BYTES - FILE_BYTES + 1))}}
    scope = upload_scope("s", None)
    if said is not None:
        scope["headers"] = [(b"content-length", said.encode())]
    assert ask(UploadQuotas(keeping(store, 1), stored=lambda: store), scope)[0] == 429


def test_uploads_under_way_count_too() -> None:
    async def arrive_together() -> list[int]:
        statuses: list[int] = []
        gate = asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await gate.wait()
            await send({"type": "http.response.start", "status": 204, "headers": []})

        app = UploadQuotas(slow, stored=dict)

        async def one(number: int) -> None:
            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            async def receive() -> Message:
                return {"type": "http.request"}

            await app(upload_scope("s", EIGHT, number), receive, send)

        uploads = [asyncio.create_task(one(number)) for number in range(10)]
        while len(statuses) < 7:
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*uploads)
        return statuses

    assert asyncio.run(arrive_together()) == [429] * 7 + [204] * 3


def test_a_refused_body_goes_by_before_the_answer_and_no_further_than_a_file_may_go() -> None:
    store: Store = {"s": {"0": UploadedFileRec("0", "", "", bytes(SESSION_BYTES))}}
    app = UploadQuotas(keeping(store, 1), stored=lambda: store)
    body = iter([bytes(1024 * 1024)] * 40)
    assert ask(app, upload_scope("s", EIGHT), body)[0] == 429
    assert len(list(body)) == 40 - FILE_BYTES // (1024 * 1024) - 1


def test_who_uploads_too_slowly_is_let_go() -> None:
    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    app = UploadQuotas(never, stored=dict, seconds=0.01)
    assert ask(app, upload_scope("s", EIGHT)) == (408, quotas.TOO_SLOW)
    assert ask(app, upload_scope("s", EIGHT)) == (408, quotas.TOO_SLOW)  # nothing is held back for the first


def test_quotas_hold_where_the_app_lives_below_a_path_and_for_nothing_else() -> None:
    store: Store = {"s": {"0": UploadedFileRec("0", "", "", bytes(SESSION_BYTES))}}
    app = UploadQuotas(keeping(store, 1), stored=lambda: store)
    assert ask(app, upload_scope("s", 1, base="/clothes"))[0] == 429
    assert ask(app, upload_scope("s", 1) | {"method": "DELETE"})[0] == 204


def test_one_visitor_too_many_is_turned_away_until_another_leaves() -> None:
    async def come() -> list[Message]:
        sent: list[Message] = []
        leave = asyncio.Event()

        async def stay(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await leave.wait()

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        limit = VisitorLimit(stay, visitors=1)
        first = asyncio.create_task(limit({"type": "websocket"}, receive, send))
        await asyncio.sleep(0)
        await limit({"type": "websocket"}, receive, send)
        leave.set()
        await first
        await limit({"type": "websocket"}, receive, send)
        return sent

    accepted = {"type": "websocket.accept"}
    assert asyncio.run(come()) == [accepted, {"type": "websocket.close", "code": TRY_AGAIN_LATER}, accepted]


def test_the_path_of_the_script_leaves_as_points() -> None:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.send", "bytes": b"\x0e/srv/secret.py!"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(HiddenPaths(tell, path="/srv/secret.py")({"type": "websocket"}, receive, send))
    assert [message["bytes"] for message in sent] == [b"\x0e..............!"]
