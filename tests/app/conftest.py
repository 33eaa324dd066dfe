"""The app in AppTest: no browser, the real script, the models that ship with the project."""

import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 180  # the first look at all training pairs embeds 60,000 images; a busy machine takes its time

OpenApp = Callable[..., AppTest]


@pytest.fixture
def open_app() -> OpenApp:
    """Opens a page of the app, by its file's name, with an address's parameters."""

    def open_page(page: str = "compare", *, locale: str | None = None, **query: str) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app" / "main.py"), default_timeout=SECONDS)
        app.context = {"locale": locale}
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "compare":
            app.switch_page(f"pages/{page}.py").run()
        return app

    return open_page


@pytest.fixture(autouse=True)
def main_script_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs `app/main.py` for every page, as the server does.

    AppTest takes a folder called pages for Streamlit's old multipage apps and would run the page alone.
    """
    runner = "streamlit.runtime.scriptrunner.script_runner._mpa_v1"
    monkeypatch.setattr(runner, lambda main: runpy.run_path(main, run_name="__main__"))


@pytest.fixture
def own_artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models; shipped ones can be linked into it."""
    monkeypatch.setenv("SIAMESE_ARTIFACTS", str(tmp_path))
    monkeypatch.setattr("app.cache._unusable", {})
    return tmp_path


@pytest.fixture
def sample_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the data set: the app opens the sample that ships with it."""
    monkeypatch.setattr("siamese_core.data.find_folder", lambda: None)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def ship(name: str, folder: Path, *, as_name: str | None = None) -> None:
    """Put a shipped model into a folder of models."""
    (folder / (as_name or name)).symlink_to(PROJECT / "artifacts" / name)


def component_data(app: AppTest, key: str) -> dict:
    """What was sent to the own component of this key."""
    mounted = next(block for block in app.get("bidi_component") if f"-{key}" in block.proto.id)
    return json.loads(mounted.proto.json)[0]
