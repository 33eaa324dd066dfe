"""Journeys through Evaluate."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import PHONE, distance, open_popover

pytestmark = pytest.mark.browser


def open_evaluate(page: Page, address: str = "/evaluate") -> Locator:
    """The handle of the threshold, once its figures are there."""
    page.goto(address)
    expect(figure(page, "accuracy")).to_have_text(re.compile(r"\d\d\.\d\d %"))
    return page.get_by_role("slider", name="Threshold")


def figure(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-explorer [data-figure={name}]")


def share(text: str) -> float:
    return float(text.removesuffix(" %")) / 100


def middle(handle: Locator) -> tuple[float, float]:
    box = handle.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_figures_follow_the_drag_and_the_app_hears_of_its_end(page: Page) -> None:
    handle = open_evaluate(page)
    before, start = figure(page, "falseAccepts").inner_text(), float(handle.get_attribute("aria-valuenow"))
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 120, y)
    dragged = handle.get_attribute("aria-valuenow")
    assert float(dragged) < start
    expect(figure(page, "falseAccepts")).not_to_have_text(before)
    assert "threshold" not in page.url  # nothing is sent before the drag ends
    page.mouse.move(x - 60, y)
    dragged = handle.get_attribute("aria-valuenow")
    page.mouse.up()
    expect(page.get_by_label("Threshold").and_(page.locator("input"))).to_have_value(dragged)
    expect(page).to_have_url(re.compile(rf"[?&]threshold={re.escape(f'{float(dragged):g}')}(&|$)"))
    expect(handle).to_have_attribute("aria-valuenow", dragged)

    page.get_by_role("link", name="Compare", exact=True).click()
    expect(distance(page)).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(f"threshold {float(dragged):.4f}"))).to_be_visible()


def test_figures_agree_with_one_another(page: Page) -> None:
    open_evaluate(page, "/evaluate?cost_accept=3")
    counts = {
        name: int(figure(page, name).inner_text().replace(",", ""))
        for name in ("trueAccepts", "falseAccepts", "trueRejects", "falseRejects")
    }
    assert sum(counts.values()) == 49_995_000
    far = counts["falseAccepts"] / (counts["falseAccepts"] + counts["trueRejects"])
    frr = counts["falseRejects"] / (counts["falseRejects"] + counts["trueAccepts"])
    assert share(figure(page, "far").inner_text()) == pytest.approx(far, abs=5e-5)
    assert share(figure(page, "frr").inner_text()) == pytest.approx(frr, abs=5e-5)
    assert share(figure(page, "accuracy").inner_text()) == pytest.approx(1 - (far + frr) / 2, abs=5e-5)
    assert float(figure(page, "cost").inner_text()) == pytest.approx(50 * (3 * far + frr), abs=5e-3)


def test_arrow_keys_move_the_threshold_and_presets_bring_it_back(page: Page) -> None:
    handle = open_evaluate(page)
    start = handle.get_attribute("aria-valuenow")
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    moved = handle.get_attribute("aria-valuenow")
    assert float(moved) > float(start)
    expect(page.get_by_label("Threshold").and_(page.locator("input"))).to_have_value(moved)
    page.get_by_role("button", name="Validation").click()
    expect(handle).to_have_attribute("aria-valuenow", start)
    expect(page).not_to_have_url(re.compile("threshold="))


def test_a_finger_drags_the_threshold(phone: Page) -> None:
    handle = open_evaluate(phone)
    start = float(handle.get_attribute("aria-valuenow"))
    handle.scroll_into_view_if_needed()
    x, y = middle(handle)
    session = phone.context.new_cdp_session(phone)
    touch = lambda kind, *at: session.send(  # noqa: E731
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at[0], "y": at[1]}] if at else []}
    )
    touch("touchStart", x, y)
    for step in range(1, 6):
        touch("touchMove", x + 10 * step, y)
    touch("touchEnd")
    assert float(handle.get_attribute("aria-valuenow")) > start + 0.1
    expect(phone).to_have_url(re.compile("threshold="))


def test_two_classes_lead_to_their_mistakes_and_a_mistake_to_compare(page: Page) -> None:
    open_evaluate(page)
    page.locator(".st-key-explorer").get_by_role("button", name=re.compile("^Shirt and Coat")).click()
    expect(page.get_by_role("button", name="Shirt and Coat")).to_have_count(2)  # the cell, and the way back
    cards = page.locator(".st-key-mistakes .pair")
    expect(cards).to_have_count(6)
    for card in cards.all():
        expect(card).to_contain_text(re.compile("Shirt · Coat|Coat · Shirt"))
    shown = cards.first.locator(".distance").inner_text()
    cards.first.click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(distance(page)).to_have_text(shown)


def test_a_suspect_shows_its_evidence_and_leads_to_compare(page: Page) -> None:
    open_evaluate(page)
    page.locator(".st-key-suspects").get_by_role("option").nth(3).click()
    expect(page.locator(".st-key-suspects").get_by_role("option", selected=True)).to_have_count(1)
    expect(page.locator(".st-key-suspects [data-index='3']")).to_have_attribute("aria-selected", "true")
    shown = page.locator(".st-key-evidence .caption b").first.inner_text()
    page.locator(".st-key-evidence").get_by_role("option").first.click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(distance(page)).to_have_text(re.compile(re.escape(shown)[:3]))


def test_a_drag_costs_the_browser_less_than_a_blink(page: Page) -> None:
    handle = open_evaluate(page, "/evaluate?beside=classic")
    expect(page.locator(".st-key-explorer .versus")).to_be_visible()
    took = handle.evaluate(
        """async (handle) => {
          const plot = handle.parentElement, box = plot.getBoundingClientRect(), took = [];
          const send = (type, x) => plot.dispatchEvent(new PointerEvent(type, {clientX: x, clientY: box.top + 90}));
          plot.setPointerCapture = () => {};
          send("pointerdown", box.left + 100);
          for (let step = 0; step < 21; step += 1) {
            const began = performance.now();
            send("pointermove", box.left + 110 + 20 * step);
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            took.push(performance.now() - began);
          }
          return took.sort((a, b) => a - b);
        }"""
    )
    assert took[len(took) // 2] < 150


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_evaluate_does_not_scroll_sideways_on_a_phone(open_context: Callable[..., BrowserContext], scheme: str) -> None:
    page = open_context(**PHONE, color_scheme=scheme).new_page()
    open_evaluate(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")


def test_a_figure_and_its_numbers_can_be_taken_away(page: Page) -> None:
    open_evaluate(page)
    open_popover(page.get_by_role("button", name="Take away"))
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<?xml"), ("CSV", b"threshold,same_accepted")):
        with page.expect_download() as download:
            page.locator(f".st-key-figure_{kind.lower()}").get_by_role("button").click()
        assert download.value.suggested_filename == f"best-distances.{kind.lower()}"
        assert download.value.path().read_bytes().startswith(begins)
