"""A visitor whose browser speaks French."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.words import catalogue
from tests.browser.conftest import distance

pytestmark = pytest.mark.browser

ROOMS = {
    "Comparer": ".st-key-gauge .word",
    "Carte": ".st-key-map .stage[data-drawn]",
    "Paires": ".st-key-pair_grid .pair",
    "Évaluer": ".st-key-reliability .dot",
    "Entraîner": ".st-key-diagram .box",
    "Comment ça marche": ".st-key-accuracy_plot dd",
}
"""Each room, and what is there when all of it is."""
EVERYTHING_SAID = """() => {
  const said = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
    if (["SCRIPT", "STYLE"].includes(node.nodeName)) return;
    if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of ["aria-label", "aria-valuetext", "title", "alt", "placeholder"])
        said.push(node.getAttribute(name) ?? "");
      if (node.shadowRoot) walk(node.shadowRoot);
    }
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return said.map((text) => text.trim()).filter(Boolean);
}"""


def english() -> Iterator[re.Pattern]:
    """Every English text of the catalogue that is another one in French, with anything in its places."""
    entries = [
        (entry.get("en", key), entry["fr"])  # an error's key is its English
        for section in catalogue().values()
        for key, entry in section.items()
    ]
    french = {words for _, words in entries}
    for words, _ in entries:
        parts = [part.replace("**", "") for part in re.split(r"\{[^}]*\}", words)]
        if words not in french and any(re.search(r"[a-z]{3}", part) for part in parts):
            yield re.compile(r"(?:.*\S)?".join(map(re.escape, parts)))


@pytest.fixture
def french(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(locale="fr-FR").new_page()


def test_no_english_is_left_on_any_page(french: Page) -> None:
    patterns = list(english())
    french.goto("/?why=true")
    for room, last in ROOMS.items():
        french.get_by_role("link", name=room, exact=True).click()
        expect(french.get_by_role("heading", name=room, exact=True)).to_be_visible()
        expect(french.locator(last).first).to_be_visible(timeout=60_000)
        said = french.evaluate(EVERYTHING_SAID)
        assert len(said) > 30
        assert [text for text in said if any(pattern.fullmatch(text) for pattern in patterns)] == []
    expect(french.locator("html")).to_have_attribute("lang", "fr")


def test_the_switch_turns_to_english_and_the_link_stays_english(
    french: Page, open_context: Callable[..., BrowserContext]
) -> None:
    french.goto("/?item_b=25")
    expect(distance(french)).to_have_text(re.compile(r"\d,\d{4}"))
    french.get_by_role("radio", name="Dessin").click()
    expect(french).to_have_url(re.compile("source=draw"))
    french.get_by_role("button", name="EN", exact=True).click()
    expect(distance(french)).to_have_text(re.compile(r"\d\.\d{4}"))
    expect(french).to_have_url(re.compile("lang=en"))
    expect(french).to_have_url(re.compile("source=draw"))
    elsewhere = open_context(locale="fr-FR").new_page()
    elsewhere.goto(french.url)
    expect(elsewhere.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(elsewhere.get_by_role("radio", name="Draw")).to_be_checked()


def test_a_link_made_in_french_opens_in_english(french: Page, page: Page) -> None:
    french.goto("/pairs")
    french.get_by_role("radio", name="Fausses").click()
    expect(french).to_have_url(re.compile("pairs_verdict=wrong"))
    page.goto(french.url)
    expect(page.get_by_role("radio", name="Wrong")).to_be_checked()
