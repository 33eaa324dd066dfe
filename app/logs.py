"""What the server writes down: one JSON object a line, and nothing that a visitor has sent.

An exception is written as its kind and the places in the code it came through: its words might quote a visitor's input.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import streamlit.logger

_PROJECT = Path(__file__).resolve().parents[1]
_OWN = ("app", "siamese_core")
_TELLS_ADDRESSES = ("uvicorn.access", "uvicorn.error")
"""Loggers whose quieter words hold visitors' addresses, and a page's address holds what its visitor has drawn."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, what happened, and where it went wrong."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if self._is_own(record) or not record.exc_info else "exception",
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)

    @staticmethod
    def _is_own(record: logging.LogRecord) -> bool:
        return record.name.split(".")[0] in _OWN


def describe(error: BaseException) -> dict[str, object]:
    """The kind of an exception and where it came through, the innermost place last; none of its words."""
    places = [_place(frame) for frame in traceback.extract_tb(error.__traceback__)]
    return {"exception": type(error).__name__, "places": places}


def log_as_json() -> None:
    """Let every logger of this process write such lines to standard error, Streamlit's own included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.getLogger().handlers[:] = [handler]
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.INFO)
    streamlit.logger.setup_formatter = _leave_to_root  # it would give each new logger a handler of its own
    streamlit.logger.update_formatter()
    for name in _TELLS_ADDRESSES:
        logging.getLogger(name).setLevel(logging.WARNING)


def _leave_to_root(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    short = path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else Path(*path.parts[-2:])
    return f"{short}:{frame.lineno} {frame.name}"
