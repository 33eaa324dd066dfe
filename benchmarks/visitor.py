"""A visitor without a browser: speaks Streamlit's own protocol with a real server, and uploads as a browser does.

Each has a session of its own, and sees every message that the server sends to it.
"""

import http.client
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

SECONDS = 120.0
_XSRF = "_streamlit_xsrf"


@dataclass
class Answer:
    """What one run of the script has sent.

    Attributes:
        messages: every one as it came.
        metrics: what tiles show, by their labels.
        errors: what error boxes say.
    """

    messages: list[bytes] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def holds(self, text: str) -> bool:
        """Whether any message has this text in it."""
        return any(text.encode() in message for message in self.messages)


class Visitor:
    """An open page; close it, or use it as a context."""

    def __init__(self, url: str, query: str = "", page: str = "") -> None:
        """Open the page at once; `answer` is its first.

        Args:
            url: the server's address.
            query: of the address, such as `item_a=0&item_b=9`.
            page: its name, such as `train`; Compare when it is left out.
        """
        self._host = urlsplit(url).netloc
        self._query, self._page = query, page
        self._states: dict[str, WidgetState] = {}
        self.ids: dict[str, str] = {}
        self._token = self._fetch_token()
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"ws://{self._host}/_stcore/stream",
                subprotocols=["streamlit"],  # type: ignore[list-item]
                additional_headers={"Cookie": f"{_XSRF}={self._token}"},
                max_size=None,
                open_timeout=SECONDS,
            )
        )
        self.session = ""
        self.answer = self.run()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the page."""
        self._open.close()

    def run(self, **changes: Any) -> Answer:
        """Change widgets or components by their keys, and let the script run.

        Args:
            **changes: an int for a number, a dict for a component, True for a button, text for a choice.
        """
        triggers = []
        for key, value in changes.items():
            state = _state(self.ids[key], value)
            if value is True:
                triggers.append(state)
            else:
                self._states[key] = state
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_name = self._page
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *triggers])
        self._socket.send(message.SerializeToString())
        self.answer = self._listen()
        return self.answer

    def upload(self, key: str, data: bytes, name: str = "picture.png") -> Answer:
        """Put a picture into the file uploader of this key, in place of the one before."""
        before = self._states.get(key)
        file = self.put(data, name)
        state = WidgetState(id=self.ids[key])
        state.file_uploader_state_value.uploaded_file_info.append(file)
        self._states[key] = state
        answer = self.run()
        if before:
            for old in before.file_uploader_state_value.uploaded_file_info:
                self._request("DELETE", f"/_stcore/upload_file/{self.session}/{old.file_id}")
        return answer

    def put(self, data: bytes, name: str = "picture.png") -> UploadedFileInfo:
        """Send a file without telling any widget of it.

        Raises:
            PermissionError: The server refuses; its words are the error's.
        """
        number = secrets.token_hex(8)
        path = f"/_stcore/upload_file/{self.session}/{number}"
        edge = "------------------------visitor"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        status, words = self._request("PUT", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
        if status != 204:
            raise PermissionError(words)
        info = UploadedFileInfo(name=name, size=len(data), file_id=number)
        info.file_urls.file_id, info.file_urls.upload_url, info.file_urls.delete_url = number, path, path
        return info

    def _listen(self) -> Answer:
        """Everything until the script has finished."""
        answer = Answer()
        while True:
            raw = self._socket.recv(timeout=SECONDS)
            assert isinstance(raw, bytes)  # noqa: S101  (Streamlit sends nothing else)
            message = ForwardMsg.FromString(raw)
            answer.messages.append(raw)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id or self.session
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._read(message.delta.new_element, answer)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return answer

    def _read(self, element: Any, answer: Answer) -> None:
        shown = getattr(element, element.WhichOneof("type"))
        if key := _key(getattr(shown, "id", "")):
            self.ids[key] = shown.id
        match element.WhichOneof("type"):
            case "metric":
                answer.metrics[shown.label] = shown.body
            case "alert":
                answer.errors.append(shown.body)
            case "exception":
                answer.errors.append(shown.message)

    def _fetch_token(self) -> str:
        connection = http.client.HTTPConnection(self._host, timeout=SECONDS)
        connection.request("GET", "/_stcore/health")
        reply = connection.getresponse()
        reply.read()
        connection.close()
        cookies = [value.split(";")[0] for name, value in reply.getheaders() if name.lower() == "set-cookie"]
        return next((cookie.split("=", 1)[1] for cookie in cookies if cookie.startswith(_XSRF)), "")

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self._host, timeout=SECONDS)
        cookies = {"X-Xsrftoken": self._token, "Cookie": f"{_XSRF}={self._token}"}
        connection.request(method, path, body, {**cookies, **(headers or {})})
        reply = connection.getresponse()
        words = reply.read().decode(errors="replace")
        connection.close()
        return reply.status, words


def _key(widget_id: str) -> str:
    """The key that the app gave a widget: the end of its id."""
    parts = widget_id.split("-", 2)
    return parts[2] if widget_id.startswith("$$ID") and len(parts) == 3 and parts[2] != "None" else ""


def _state(widget_id: str, value: Any) -> WidgetState:
    """A widget's value as a browser sends it."""
    state = WidgetState(id=widget_id)
    match value:
        case True:
            state.trigger_value = True
        case int():
            state.double_value = value
        case str():
            state.string_value = value
        case _:
            raise TypeError(f"`value` must be an int, a text or True, got {type(value).__name__}")
    return state
