"""Every room for everyone: axe finds nothing, fingers hit, nothing glides for those who ask for calm."""

import re
from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import distance, open_popover, slot

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LAST = {
    "/": ".st-key-wall .grid[data-painted]",
    "/map": ".st-key-map .stage[data-pictured]",
    "/pairs": ".st-key-pair_grid .pair",
    "/evaluate": ".st-key-reliability circle",
    "/train": ".st-key-diagram .box",
    "/explain": ".st-key-accuracy_plot dd",
}
"""What each room shows last."""
FIRST_LOOK = 90_000  # ms; Evaluate judges all pairs when a model is first looked at
LOOKS = [("light", "en"), ("dark", "fr"), ("dark", "en"), ("light", "fr")]


def open_room(page: Page, path: str, language: str = "en") -> None:
    page.goto(f"{path}?lang={language}")
    expect(page.locator(LAST[path]).first).to_be_visible(timeout=FIRST_LOOK)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """What axe finds at levels A and AA: the rule, and where."""
    page.evaluate(AXE)
    found = page.evaluate("levels => axe.run(document, {runOnly: levels, resultTypes: ['violations']})", LEVELS)
    return [
        f"{one['id']}: {node['target']} {node['any'][0]['message'] if node['any'] else node['html']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", LAST)
@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_axe_finds_nothing(open_context: Callable[..., BrowserContext], path: str, scheme: str, language: str) -> None:
    page = open_context(color_scheme=scheme).new_page()
    open_room(page, path, language)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_everything_is_open(open_context: Callable[..., BrowserContext], scheme: str) -> None:
    page = open_context(color_scheme=scheme).new_page()
    open_room(page, "/")
    page.get_by_role("button", name="A drawing").click()
    expect(slot(page, "A")).to_contain_text("Your drawing")
    page.get_by_role("radio", name="Draw").click()
    page.get_by_role("button", name="cropped").click()
    page.get_by_text("Why this distance").click()
    expect(page.locator(".st-key-parts .square").first).to_be_visible()
    open_popover(page.get_by_role("button", name="Take away"))
    expect(page.get_by_test_id("stCode")).to_be_visible()
    assert violations(page) == []


SMALL = """least => [...document.querySelectorAll('[data-testid=stMain] *')]
  .flatMap((node) => [node, ...(node.shadowRoot?.querySelectorAll('*') ?? [])])
  .filter((node) =>
    node.matches('button, a[href], summary, [role=option], [role=radio], [role=slider], input[type=range]'))
  .filter((node) => node.tabIndex >= 0 || node.matches('[role=option]'))
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height && (box.width < least || box.height < least))
  .map(([node, box]) => `${node.ariaLabel ?? node.innerText ?? node.className} ${box.width} × ${box.height}`)"""


@pytest.mark.parametrize("path", LAST)
def test_fingers_find_what_they_aim_at(phone: Page, path: str) -> None:
    open_room(phone, path)
    assert phone.evaluate(SMALL, 24) == []


def test_what_fingers_use_most_is_large(phone: Page) -> None:
    open_room(phone, "/")
    phone.get_by_role("radio", name="Draw").tap()
    expect(phone.get_by_role("img", name="Sketch pad")).to_be_visible()
    for name in ("Undo", "Swap", "Surprise me", "A drawing", "Fill B instead"):
        assert phone.get_by_role("button", name=name).bounding_box()["height"] >= 44
    phone.get_by_role("radio", name="Wall").tap()
    box = phone.locator(".st-key-wall .item").first.bounding_box()
    assert min(box["width"], box["height"]) >= 44


MOVING = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
  .flatMap((node) => [...(node.shadowRoot?.querySelectorAll('*') ?? [])])
  .map((node) => [node.className, getComputedStyle(node)])
  .filter(([, style]) => parseFloat(style.transitionDuration) > 0)
  .filter(([, style]) => /all|width|left|transform/.test(style.transitionProperty))
  .map(([name]) => String(name))"""


def test_nothing_glides_for_those_who_ask_for_calm(open_context: Callable[..., BrowserContext]) -> None:
    for motion, moves in (("no-preference", True), ("reduce", False)):
        page = open_context(reduced_motion=motion).new_page()
        open_room(page, "/")
        page.get_by_role("button", name="A drawing").click()
        expect(page.locator(".st-key-classes_a li").first).to_be_visible()
        assert bool(page.evaluate(MOVING)) == moves
        page.close()


def test_compare_is_done_by_keys_alone(page: Page) -> None:
    open_room(page, "/")
    before = distance(page).inner_text()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.closest?.('.st-key-wall') !== null"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(distance(page)).not_to_have_text(before)
    expect(page).to_have_url(re.compile("item_a=2(&|$)"))
