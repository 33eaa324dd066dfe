"""The catalogue of words: complete, used, alike in both languages, and nothing said outside it."""

import ast
import dataclasses
import importlib
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import words
from siamese_core import runs
from siamese_core.config import Recipe
from siamese_core.data import CLASS_NAMES
from siamese_core.errors import SiameseError
from siamese_core.plots import PlotWords
from tests.app.conftest import PROJECT, OpenApp, component_data

APP = PROJECT / "app"
TO_PROGRAMS = {APP / "quotas.py", *(APP / "service").glob("*.py")}
"""What answers requests, not pages: no session is there that would know a visitor's language."""
SOURCES = sorted(set(APP.rglob("*.py")) - TO_PROGRAMS)
TAKEN_AWAY = {APP / "figures.py", APP / "snippet.py"}
"""Figures, whose quoted types read like words, and a program, which speaks Python."""
COMPONENTS = sorted(path for path in (APP / "components").iterdir() if path.is_dir() and path.name[0] != "_")
ERRORS = words.catalogue()["error"]
KEYS = {f"{section}.{name}" for section, names in words.catalogue().items() if section != "error" for name in names}
SHOWN = {"label", "help", "placeholder", "alt", "text", "title", "body"}
"""Parameters whose text a visitor reads, besides the first one of a command of Streamlit."""
SPOKEN = re.compile(r"[^\W\d_]{2,} +[^\W\d_]{2,}|^[A-Z][a-z]{2,}(?![\w-])")
"""What reads like words for a person: two words with a space between them, or a capital letter at the front."""
NOT_FOR_VISITORS = {
    "InputLayer", "Add", "Concatenate",  # kinds of layers, as Keras calls them
    "Trainer._replica_step", "function render",  # code
    "Accept-Language", "Siamese", "PNG", "SVG", "CSV", *words.LANGUAGES.values(),
}  # fmt: skip


SILENT = {"Page", "form", "set_page_config", "switch_page", "get_option", "component", "fragment", "page_link"}
"""Commands of Streamlit whose first parameter is nothing to read."""


def relative(path: Path) -> str:
    return str(path.relative_to(APP))


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
            yield node


def patterns(argument: ast.expr) -> Iterator[str]:
    """Which keys an argument of `say` may be: itself, one of two, or any that fit around an f-string's values."""
    match argument:
        case ast.Constant():
            yield re.escape(str(argument.value))
        case ast.IfExp():
            yield from patterns(argument.body)
            yield from patterns(argument.orelse)
        case ast.JoinedStr():
            parts = (re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in argument.values)
            yield "".join(parts)
        case _:
            raise AssertionError(f"a key of say() must be readable here: {ast.unparse(argument)}")


def used_keys() -> set[str]:
    asked = [
        pattern
        for path in SOURCES
        for call in calls(ast.parse(path.read_text(encoding="utf-8")), "say")
        for pattern in patterns(call.args[0])
    ]
    missing = [pattern for pattern in asked if not any(re.fullmatch(pattern, key) for key in KEYS)]
    assert missing == []
    return {key for key in KEYS if any(re.fullmatch(pattern, key) for pattern in asked)}


def words_of_component(folder: Path) -> set[str]:
    script = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    html = (folder / "__init__.py").read_text(encoding="utf-8")
    found = re.findall(r"\bwords\.(\w+)", script) + re.findall(r'data-word="(\w+)"', script + html)
    return {f"{folder.name}.{name}" for name in found}


def test_every_key_is_used_and_every_use_is_there() -> None:
    of_components = {key for folder in COMPONENTS for key in words_of_component(folder)}
    assert of_components - KEYS == set()
    of_classes = {f"class.{name}" for name in CLASS_NAMES}
    assert of_classes - KEYS == set()
    of_plots = {f"plot.{field.name}" for field in dataclasses.fields(PlotWords)}
    assert of_plots - KEYS == set()
    assert KEYS - used_keys() - of_components - of_classes - of_plots == set()


@pytest.mark.parametrize("key", sorted(KEYS))
def test_both_languages_have_words_with_the_same_places(key: str) -> None:
    section, name = key.split(".", 1)
    entry = words.catalogue()[section][name]
    assert set(entry) == set(words.LANGUAGES)
    assert all(text.strip() == text and text for text in entry.values())
    assert places(entry["en"]) == places(entry["fr"])


def places(text: str) -> list[str]:
    return sorted(place for _, place, _, _ in string.Formatter().parse(text) if place is not None)


def kinds_of(error: type[Exception]) -> Iterator[str]:
    for kind in error.__subclasses__():
        yield kind.__name__
        yield from kinds_of(kind)


def sentences_of_the_core() -> Iterator[str]:
    """What every error of the core says, as the catalogue knows it; the command line speaks English alone."""
    for path in sorted((PROJECT / "siamese_core").glob("[!_]*.py")):
        module = importlib.import_module(f"siamese_core.{path.stem}")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in calls(tree, *kinds_of(SiameseError)):
            argument = call.args[0]
            for sentence in (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,):
                yield eval(compile(ast.Expression(sentence), path.name, "eval"), vars(module).copy())  # noqa: S307


def test_every_error_of_the_core_has_french_words_with_the_same_places() -> None:
    said = set(sentences_of_the_core())
    assert said - ERRORS.keys() == set()
    assert ERRORS.keys() - said == {runs.WITHOUT_A_WORD, runs.LEFT_ALONE}
    for sentence, entry in ERRORS.items():
        assert places(entry["fr"]) == places(sentence)


def test_an_error_is_told_in_the_visitors_language(open_app: OpenApp) -> None:
    app = open_app(item_a="5", lang="fr")
    app.number_input(key="item_a").set_value(20_000).run()
    assert "Il n'y a pas d'article 20000 dans l'ensemble test" in app.warning[0].value


def test_every_setting_of_a_recipe_has_a_name() -> None:
    settings = {field.name for field in dataclasses.fields(Recipe)} - {"name"}
    assert {f"setting.{name}" for name in settings} <= KEYS


def docstrings(tree: ast.AST) -> set[ast.Constant]:
    """String statements: docstrings of modules, classes, functions and constants."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def outside(tree: ast.AST) -> Iterator[str]:
    """Strings that are words for a person and do not come from the catalogue."""
    quiet = docstrings(tree)
    for node in ast.walk(tree):
        is_logged = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_LOG.")
        if is_logged or isinstance(node, ast.Raise):  # `ValueError`: for the programmer
            quiet |= {part for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for call in calls(tree, "say", "register", "PlainTextResponse"):
        quiet |= {part for part in ast.walk(call) if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in quiet:
            if SPOKEN.search(node.value) and node.value not in NOT_FOR_VISITORS:
                yield node.value
        elif isinstance(node, ast.Call):
            yield from labels(node)


def labels(call: ast.Call) -> Iterator[str]:
    """Literal words in the parameters that a visitor reads."""
    of_streamlit = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
    spoken = of_streamlit and call.func.value.id == "st" and call.func.attr not in SILENT  # type: ignore[attr-defined]
    first = call.args[:1] if spoken else []
    for value in [*first, *(keyword.value for keyword in call.keywords if keyword.arg in SHOWN)]:
        literals = value.values if isinstance(value, ast.JoinedStr) else [value]
        for part in literals:
            text = part.value if isinstance(part, ast.Constant) else None
            if isinstance(text, str) and re.search(r"[^\W\d_]", text) and text not in NOT_FOR_VISITORS:
                yield text


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in TAKEN_AWAY], ids=relative)
def test_no_words_stand_outside_the_catalogue(path: Path) -> None:
    assert list(outside(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_words_outside_the_catalogue_are_found() -> None:
    lines = ('st.button("yours")', 'st.metric(f"P of {x}", 1)', 'Tile(label="Hi")', 'y = "two words"', 'say("a.b")')
    assert set(outside(ast.parse("\n".join(lines)))) == {"yours", "P of ", "Hi", "two words"}


def shown_gauge(app: AppTest) -> str:
    return component_data(app, "gauge")["word"]


@pytest.mark.parametrize(
    ("locale", "address", "word"),
    [
        (None, {}, "Same"),
        ("en-GB", {}, "Same"),
        ("fr-FR", {}, "Identiques"),
        ("fr", {}, "Identiques"),
        ("de-DE", {}, "Same"),
        ("fr-FR", {"lang": "en"}, "Same"),
        ("en-US", {"lang": "fr"}, "Identiques"),
        ("fr-FR", {"lang": "xx"}, "Identiques"),
    ],
)
def test_the_browser_says_the_language_and_the_address_knows_better(
    open_app: OpenApp, locale: str | None, address: dict[str, str], word: str
) -> None:
    app = open_app(locale=locale, **address)
    assert not app.exception
    assert shown_gauge(app) == word


def test_the_switch_changes_the_language_and_the_address(open_app: OpenApp) -> None:
    app = open_app()
    app.button(key="other_language").click().run()
    assert shown_gauge(app) == "Identiques"
    assert app.title[0].value == "Comparer"
    assert app.query_params["lang"] == "fr"
    app.button(key="other_language").click().run()
    assert shown_gauge(app) == "Same"
    assert app.query_params["lang"] == "en"


def test_numbers_are_written_as_the_language_does(open_app: OpenApp) -> None:
    english, french = open_app(item_a="2", item_b="25"), open_app(item_a="2", item_b="25", lang="fr")
    distance, p_same = ([metric.value for metric in app.metric] for app in (english, french))
    assert p_same[0] == distance[0].replace(".", ",")
    assert p_same[1].endswith("\N{NO-BREAK SPACE}%")
    assert distance[1].endswith(" %")


def test_numbers_have_thousands_decimals_and_a_percent_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (words.write_number(12345.678, 2), words.write_share(0.9412)) == ("12,345.68", "94.1 %")
    monkeypatch.setattr(words, "language", lambda: "fr")
    assert words.write_number(12345.678, 2) == "12\N{NARROW NO-BREAK SPACE}345,68"
    assert words.write_share(0.9412) == "94,1\N{NO-BREAK SPACE}%"


def test_a_link_made_in_french_opens_in_english(open_app: OpenApp) -> None:
    french = open_app(lang="fr")
    french.selectbox(key="wall_split_shown").select("train")
    french.selectbox(key="wall_class_shown").select("Ankle boot").run()
    address = {name: french.query_params[name] for name in ("lang", "wall_split", "wall_class")}
    assert address == {"lang": "fr", "wall_split": "train", "wall_class": "Ankle boot"}
    english = open_app(**{**address, "lang": "en"})
    assert english.selectbox(key="wall_class_shown").value == "Ankle boot"
    assert {item["class"] for item in component_data(english, "wall")["items"]} == {"Ankle boot"}
    assert component_data(english, "wall")["split"] == "train"


def test_a_choice_outlives_the_switch_of_the_language(open_app: OpenApp) -> None:
    app = open_app()
    app.selectbox(key="wall_class_shown").select("Bag").run()
    app.button(key="other_language").click().run()
    assert {item["class"] for item in component_data(app, "wall")["items"]} == {"Sac"}


@pytest.mark.parametrize("value", ["", "x", "../..", "Mur", "9" * 5000])
def test_a_strangers_choice_falls_back_to_the_first(open_app: OpenApp, value: str) -> None:
    app = open_app(source=value, wall_class=value, split_a=value, lang=value)
    assert not app.exception
    assert len(component_data(app, "wall")["items"]) >= 96
