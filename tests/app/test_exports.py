"""The dialog that exports a model, in AppTest: what a child process makes is made up here."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cache
from app.words import catalogue
from siamese_core.errors import ExportError
from siamese_core.export_child import Download
from tests.app.conftest import OpenApp, ship


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, own_artifacts: Path) -> list[tuple[str, str]]:
    """What was asked to be exported of the only model, `mine`; a network is 3e-7 off, embeddings cannot be."""
    ship("classic", own_artifacts, as_name="mine")
    st.cache_resource.clear()
    asked = []

    def pretend(name: str, format_name: str) -> Download:
        asked.append((name, format_name))
        return Download(f"{name}.{format_name}", b"x" * 2_500_000, None if format_name == "npz" else 3e-7)

    monkeypatch.setattr(cache, "export_in_child", pretend)
    return asked


def prepare(app: AppTest, format_name: str) -> AppTest:
    """Opens the dialog and asks for a format; AppTest reruns the page where a browser reruns the dialog alone."""
    app.button(key="export_mine").click().run()
    app.button(key="export_mine").click()
    app.selectbox(key="export_the_format").select(format_name)
    app.button(key="export_do_make").click().run()
    assert not app.exception
    return app


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def downloads(app: AppTest) -> list[str]:
    """The labels of the buttons of exports; each model's own file is offered beside them."""
    buttons = app.get("download_button")
    return [button.label for button in buttons if button.label not in catalogue()["models"]["download"].values()]


def test_nothing_is_made_until_it_is_asked_for(open_app: OpenApp, made: list) -> None:
    app = open_app("train")
    app.button(key="export_mine").click().run()
    assert not app.exception
    assert "for ONNX Runtime" in captions(app)
    assert (downloads(app), made) == ([], [])


def test_a_network_comes_with_how_close_it_is_to_the_model(open_app: OpenApp, made: list) -> None:
    app = prepare(open_app("train"), "litert")
    assert made == [("mine", "litert")]
    assert downloads(app) == ["Download, 2.5 MB"]
    assert "on 1,000 test images: the largest difference in any number is 0.0000003" in captions(app)


def test_embeddings_have_nothing_to_be_compared_with(open_app: OpenApp, made: list) -> None:
    app = prepare(open_app("train", lang="fr"), "npz")
    assert downloads(app) == ["Télécharger, 2,5 Mo"]
    assert "écart" not in captions(app)


def test_the_same_export_is_made_once(open_app: OpenApp, made: list) -> None:
    for _ in range(2):
        assert downloads(prepare(open_app("train"), "onnx")) == ["Download, 2.5 MB"]
    assert made == [("mine", "onnx")]


def test_a_refusal_is_told_in_the_visitors_language(
    open_app: OpenApp, made: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> Download:
        raise ExportError("Another model is being exported; try again in a minute.")

    monkeypatch.setattr(cache, "export_in_child", refuse)
    app = prepare(open_app("train", lang="fr"), "onnx")
    assert "réessayez dans une minute" in app.error[0].value
    assert downloads(app) == []
