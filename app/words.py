"""The interface in the visitor's language: its words, all of which stand in `words.toml`, and how it writes numbers."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from siamese_core.errors import SiameseError

LANGUAGES = {"en": "English", "fr": "Français"}
"""Each by its own name; the first one is for everybody whose language is not here."""
_CATALOGUE = Path(__file__).with_name("words.toml")
_BEFORE_MARKS = re.compile(r"(?<=\S) (?=[:;?!%»×])|(?<=[«×]) ")
"""Where French has a space that no line may be broken at."""
_SEPARATORS = {"en": (",", ".", " "), "fr": ("\N{NARROW NO-BREAK SPACE}", ",", "\N{NO-BREAK SPACE}")}
"""Between thousands, before decimals, before %."""


@cache
def catalogue() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Section, key, language: the words."""
    read = tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))
    for entry in (entry for names in read.values() for entry in names.values()):
        entry["fr"] = _BEFORE_MARKS.sub("\N{NO-BREAK SPACE}", entry["fr"])
    return read


def language() -> str:
    """The language chosen in the address or by the switch, else the browser's, else English."""
    sources = (  # each asked only when those before it say nothing: every word on a page comes by here
        lambda: st.session_state.get("lang"),
        lambda: st.context.locale,
        lambda: st.context.headers.get("Accept-Language"),
    )
    known = (str(asked)[:2].lower() for source in sources if (asked := source()))
    return next((one for one in known if one in LANGUAGES), next(iter(LANGUAGES)))


def remember_language() -> None:
    """Keep a chosen language in the address, `?lang=fr`, whatever the browser's own is."""
    with st.container(key="kept_lang"):
        st.selectbox("–", list(LANGUAGES), index=None, key="lang", bind="query-params")


def offer_other_language() -> None:
    """A button in its own words for each language that is not shown."""
    for other in LANGUAGES.keys() - {language()}:
        st.button(
            other.upper(),
            key="other_language",
            type="tertiary",
            help=LANGUAGES[other],
            on_click=_use_language,
            args=(other,),
        )


def _use_language(name: str) -> None:
    st.session_state["lang"] = name


def say(key: str, /, **values: object) -> str:
    """The words of a key such as `compare.nearest`, with values in their places."""
    of, name = key.split(".", 1)
    return catalogue()[of][name][language()].format(**values)


def section(name: str) -> dict[str, str]:
    """All words of a section by their keys, places still open: for a component's own code to fill."""
    own = language()
    return {key: words[own] for key, words in catalogue().get(name, {}).items()}


def name_class(name: str) -> str:
    """A class of the data by the visitor's name for it; the data's own where the catalogue has none."""
    return catalogue()["class"].get(name, {}).get(language(), name)


def name_classes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Classes of the data by the visitor's names for them."""
    return tuple(name_class(name) for name in names)


def tell(error: SiameseError) -> str:
    """What an error of the core says to the visitor; English where the catalogue has no other words for it."""
    sentence = catalogue()["error"].get(error.sentence, {}).get(language())
    return str(error) if sentence is None else sentence.format(**error.values)


def write_number(value: float, decimals: int = 0) -> str:
    """`12345.678` with two decimals as `12,345.68` or `12 345,68`."""
    thousands, point, _ = _SEPARATORS[language()]
    return f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})


def write_share(share: float, decimals: int = 1) -> str:
    """`0.9412` with one decimal as `94.1 %` or `94,1 %`."""
    return f"{write_number(100 * share, decimals)}{_SEPARATORS[language()][2]}%"


def write_seconds(seconds: float) -> str:
    """`8.2` as `8 s`, `150` as `3 min`, `5000` as `1 h 23 min`."""
    space = "\N{NO-BREAK SPACE}"
    if seconds < 99.5:
        return f"{write_number(seconds)}{space}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{space}min"
    return f"{minutes // 60}{space}h{space}{minutes % 60}{space}min"
