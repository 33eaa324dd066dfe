"""Lines of the log: JSON, and nothing in them that a visitor has sent."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from app.logs import JsonLines, log_as_json


def written(name: str, words: str, *values: object, failing: bool = False) -> dict[str, object]:
    """What the formatter makes of a record, with an exception in hand or without."""
    information = None
    if failing:
        try:
            int("holiday.png")
        except ValueError:
            information = sys.exc_info()
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, words, values, information)
    line = JsonLines().format(record)
    assert "\n" not in line
    return json.loads(line)


def test_a_line_says_when_how_grave_who_and_what() -> None:
    line = written("app.quotas", "upload refused: %s", "session full")
    assert (line["level"], line["logger"], line["event"]) == ("warning", "app.quotas", "upload refused: session full")
    assert str(line["time"]).endswith("+00:00")


def test_an_exception_is_its_kind_and_its_places_and_none_of_its_words() -> None:
    line = written("streamlit.error_util", "Uncaught app execution: holiday.png", failing=True)
    assert line["exception"] == "ValueError"
    assert str(line["places"]).count("test_logs.py") == 1
    assert "holiday" not in json.dumps(line)
    assert not any(str(place).startswith("/") for place in line["places"])  # type: ignore[attr-defined]


def test_a_line_cannot_be_broken_by_what_is_in_it() -> None:
    assert written("streamlit", "origin=%s", 'x\n{"level": "critical"}')["level"] == "warning"


@pytest.fixture
def loggers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives Streamlit's loggers and the root's handlers back after a test."""
    import streamlit.logger

    monkeypatch.setattr(streamlit.logger, "setup_formatter", streamlit.logger.setup_formatter)
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("uvicorn.access",)}
    yield
    root.handlers[:] = handlers
    monkeypatch.undo()
    streamlit.logger.update_formatter()
    for logger in streamlit.logger._loggers.values():
        logger.propagate = False
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("loggers")
def test_streamlits_own_loggers_write_such_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    from streamlit.logger import get_logger

    log_as_json()
    get_logger("streamlit.made_later").warning("something")
    logging.getLogger("uvicorn.access").info("GET /?drawing_a=secret")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["something"]
