"""What happens before the first visitor waits for it."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import warming
from siamese_core.errors import RunError
from tests.app.conftest import PROJECT

FIRST_VISIT = """
import runpy, sys
import streamlit.runtime.scriptrunner.script_runner as runner
from streamlit.testing.v1 import AppTest
from app.warming import warm_up

warm_up()
before = set(sys.modules)
runner._mpa_v1 = lambda main: runpy.run_path(main, run_name="__main__")  # see conftest
assert not AppTest.from_file(f"{sys.argv[1]}/app/main.py", default_timeout=180).run().exception
print("late", *(name for name in sys.modules if name.startswith(("app.", "siamese_core.")) and name not in before))
print("heavy", *({"pandas", "pyarrow", "altair", "matplotlib", "tensorflow", "keras"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def first_visit() -> dict[str, list[str]]:
    """What modules a server has after its first visitor: late ones, and heavy ones."""
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_VISIT, str(PROJECT)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    return {words[0]: words[1:] for words in map(str.split, ran.stdout.splitlines()) if words}


def test_the_first_visitor_waits_for_no_module_of_the_app(first_visit: dict[str, list[str]]) -> None:
    assert first_visit["late"] == []


def test_comparing_needs_neither_tables_nor_charts_nor_training(first_visit: dict[str, list[str]]) -> None:
    assert first_visit["heavy"] == []


def test_the_server_says_when_it_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    warming.is_warm.clear()
    frozen: list[bool] = []
    monkeypatch.setattr(warming.gc, "freeze", lambda: frozen.append(warming.is_warm.is_set()))
    warming.warm_up()
    assert frozen == [False]
    assert warming.is_warm.is_set()


def test_a_damaged_model_does_not_keep_the_server_from_starting(
    own_artifacts: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming.gc, "freeze", lambda: None)
    (own_artifacts / "best").mkdir()
    (own_artifacts / "best" / "manifest.json").write_text("{}")
    with caplog.at_level(logging.WARNING):
        warming.warm_up()
    assert "best has a damaged manifest.json" in caplog.text


def test_what_keeps_a_run_from_going_on_does_not_keep_the_server_from_starting(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise RunError("This run has left nothing to go on from; start it anew.")

    monkeypatch.setattr(warming.gc, "freeze", lambda: None)
    monkeypatch.setattr(warming.jobs, "take_up", refuse)
    warming.is_warm.clear()
    with caplog.at_level(logging.WARNING):
        warming.warm_up()
    assert "nothing to go on from" in caplog.text
    assert warming.is_warm.is_set()
