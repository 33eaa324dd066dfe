"""Journeys through Compare."""

import contextlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from siamese_core.artifacts import load_bundle
from siamese_core.data import open_collection
from tests.browser.conftest import PASTE, PHONE, PROJECT, Server, distance, open_popover, picture, slot

pytestmark = pytest.mark.browser

TRIES = 10

NUMBER = re.compile(r"^\d\.\d{4}$")


def told_by_command_line(server: Server, left: str, right: str) -> str:
    """The distance that `python -m siamese_core distance` prints, to four decimals."""
    command = [sys.executable, "-m", "siamese_core", "distance", left, right, "--json"]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, text=True)
    return f"{json.loads(answer.stdout)['distance']:.4f}"


def wall_item(page: Page, item: int):
    return page.locator(f".st-key-wall .item[data-item='{item}']")


def test_opens_with_a_compared_pair_in_the_first_screen(page: Page) -> None:
    page.goto("/")
    expect(distance(page)).to_have_text(NUMBER)
    expect(page.get_by_role("status").filter(has_text="Same")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"^Same: distance .* threshold "))).to_be_in_viewport()
    for letter in "AB":
        expect(slot(page, letter)).to_be_in_viewport(ratio=1)
    expect(page.locator(".st-key-wall .grid[data-painted]")).to_be_visible()
    expect(page.get_by_text("sample images")).to_have_count(0)


def test_two_clicks_give_the_distance_of_the_command_line(page: Page, server: Server) -> None:
    page.goto("/")
    wall_item(page, 2).click()
    expect(slot(page, "A")).to_contain_text("test 2")
    wall_item(page, 23).click()
    expect(slot(page, "B")).to_contain_text("test 23")
    expect(distance(page)).to_have_text(told_by_command_line(server, "test:2", "test:23"))
    expect(page).to_have_url(re.compile(r"item_a=2&item_b=23|item_b=23&item_a=2"))
    expect(wall_item(page, 2)).to_have_attribute("aria-selected", "true")
    expect(wall_item(page, 3)).to_have_attribute("aria-selected", "false")


def test_the_second_of_two_quick_clicks_does_not_undo_the_first(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".st-key-wall .grid[data-painted]")).to_be_visible()
    page.locator(".st-key-wall .grid").evaluate("grid => [2, 23].forEach((item) => grid.children[item].click())")
    expect(slot(page, "B")).to_contain_text("test 23")
    expect(slot(page, "A")).to_contain_text("test 2")


def test_a_link_shows_the_same_pair_elsewhere(page: Page, server: Server) -> None:
    page.goto("/?item_a=0&item_b=7&split_b=train")
    expect(distance(page)).to_have_text(told_by_command_line(server, "test:0", "train:7"))
    page.reload()
    expect(distance(page)).to_have_text(told_by_command_line(server, "test:0", "train:7"))
    expect(slot(page, "A")).to_contain_text("test 0")


def test_numbers_and_keys_are_enough(page: Page) -> None:
    page.goto("/")
    expect(distance(page)).to_have_text(NUMBER)
    page.get_by_label("Item B", exact=True).fill("17")
    page.keyboard.press("Enter")
    expect(slot(page, "B")).to_contain_text("test 17")

    wall_item(page, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(wall_item(page, 2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(slot(page, "A")).to_contain_text("test 2")
    expect(page.locator(".st-key-wall .item[tabindex='0']")).to_have_count(1)


def test_a_neighbour_is_compared_with_its_slot(page: Page) -> None:
    page.goto("/?item_a=945&item_b=1")
    nearest = page.locator(".st-key-near_a .item").first
    number = nearest.get_attribute("data-item")
    nearest.click()
    expect(slot(page, "B")).to_contain_text(f"test {number}")
    expect(slot(page, "A")).to_contain_text("test 945")


def test_an_uploaded_item_is_seen_as_the_item_itself(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    expect(distance(page)).to_have_text(NUMBER)
    before = distance(page).inner_text()
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(picture("item.png", open_collection().image("test:5")))
    expect(slot(page, "A")).to_contain_text("Your picture")
    expect(distance(page)).to_have_text(before)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_a_broken_upload_is_refused_and_the_page_lives_on(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    page.get_by_role("radio", name="Upload").click()
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nno more"}
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_test_id("stAlert")).to_contain_text("broken.png")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("radio", name="Wall").click()
    wall_item(page, 4).click()
    expect(slot(page, "A")).to_contain_text("test 4")


def test_a_pasted_item_is_seen_as_the_item_itself_and_a_broken_one_is_refused(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    expect(distance(page)).to_have_text(NUMBER)
    before = distance(page).inner_text()
    page.get_by_role("radio", name="Draw").click()
    expect(page.get_by_role("img", name="Sketch pad for slot A")).to_be_visible()
    page.locator("body").evaluate(PASTE, list(picture("item.png", open_collection().image("test:5"))["buffer"]))
    expect(slot(page, "A")).to_contain_text("Your picture")
    expect(page.get_by_role("img", name="Sketch pad for slot A")).to_have_count(0)
    expect(distance(page)).to_have_text(before)
    page.locator("body").evaluate(PASTE, list(b"no picture"))
    expect(page.get_by_test_id("stAlert")).to_contain_text("not a picture")
    expect(distance(page)).to_have_text(before)
    page.get_by_role("button", name="Surprise me").click()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_words_can_be_pasted_as_ever(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    number = page.get_by_label("Item A", exact=True)
    expect(number).to_have_value("5")
    number.evaluate(
        """field => {
          const pasted = new DataTransfer();
          pasted.setData("text/plain", "7");
          const event = new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true });
          field.dataset.left = field.dispatchEvent(event);
        }"""
    )
    expect(number).to_have_attribute("data-left", "true")
    expect(slot(page, "A")).to_contain_text("test 5")


def take_photo(page: Page) -> None:
    """Photograph until the slot shows it: a camera that has just woken gives no picture, or a black one."""
    for _ in range(TRIES):
        page.get_by_role("button", name="Take Photo").click()
        with contextlib.suppress(AssertionError):
            expect(slot(page, "A")).to_contain_text("camera", timeout=5_000)
            return
        if page.get_by_role("button", name="Clear photo").is_visible():
            page.get_by_role("button", name="Clear photo").click()


def test_a_photograph_fills_the_slot(open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(permissions=["camera"]).new_page()
    page.goto("/?item_a=5&item_b=9")
    page.get_by_role("radio", name="Camera").click()
    take_photo(page)
    expect(slot(page, "A")).to_contain_text("camera")
    expect(page.get_by_role("button", name="bright on black")).to_be_visible()
    page.get_by_role("button", name="Clear photo").click()
    expect(slot(page, "A")).to_contain_text("test 5")


def test_a_mouse_stroke_is_compared_and_can_be_undone(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_role("img", name="Sketch pad for slot A")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 80, steps=6)
    page.mouse.move(box["x"] + 200, box["y"] + 220, steps=6)
    page.mouse.up()
    expect(slot(page, "A")).to_contain_text("Your drawing")
    expect(distance(page)).to_have_text(NUMBER)

    page.get_by_role("radio", name="Wall").click()
    expect(pad).to_have_count(0)
    page.get_by_role("radio", name="Draw").click()
    page.get_by_role("button", name="Undo").click()  # the strokes have survived
    expect(slot(page, "A")).to_contain_text("test 5")
    expect(page.get_by_label("Item A", exact=True)).to_have_value("5")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_an_example_fills_the_pad_and_a_step_of_it_can_be_left_out(page: Page) -> None:
    page.goto("/?item_a=5&item_b=9")
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_role("img", name="Sketch pad for slot A")
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_disabled()
    page.get_by_role("button", name="A drawing").click()
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    assert pad.evaluate("pad => pad.getContext('2d').getImageData(118, 150, 1, 1).data[0]") == 255  # repainted
    expect(slot(page, "A")).to_contain_text("Your drawing")
    before = distance(page).inner_text()
    step = page.get_by_role("button", name="cropped")
    expect(step).to_have_attribute("aria-pressed", "true")
    step.click()
    expect(step).to_have_attribute("aria-pressed", "false")
    expect(step).to_contain_text("cropped, off")
    expect(distance(page)).not_to_have_text(before)
    step.click()
    expect(distance(page)).to_have_text(before)


def draw_boot(page: Page, pad: Locator) -> None:
    """A boot's outline in one stroke of the mouse."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    corners = [(0.35, 0.15), (0.6, 0.15), (0.6, 0.6), (0.85, 0.68), (0.85, 0.82), (0.35, 0.82), (0.35, 0.15)]
    for number, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=1 if number == 0 else 4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def test_the_pad_stays_where_it_is_while_it_is_drawn_on(page: Page) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_role("img", name="Sketch pad for slot A")
    expect(page.get_by_text("Draw an outline")).to_be_visible()
    before = pad.bounding_box()
    for step in range(60):
        reach, turn = (20 + 1.6 * step) / 264 * before["width"], step / 5
        page.mouse.move(
            before["x"] + before["width"] / 2 + reach * math.cos(turn),
            before["y"] + before["height"] / 2 + reach * math.sin(turn),
        )
        if step == 0:
            page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Unlike the data")).to_be_visible()
    assert pad.bounding_box() == before


def test_a_link_shows_a_drawing_elsewhere_at_the_same_distance(
    page: Page, open_context: Callable[..., BrowserContext]
) -> None:
    page.goto("/?item_b=9&threshold=0.9&base_rate=20&sureness=60&model=classic")
    page.get_by_role("radio", name="Draw").click()
    draw_boot(page, page.get_by_role("img", name="Sketch pad for slot A"))
    expect(page).to_have_url(re.compile("drawing_a=[A-Za-z0-9_-]{20,}"))
    page.get_by_role("button", name="filled").click()
    expect(page).to_have_url(re.compile("without_a=filled"))
    expect(page.get_by_role("button", name="filled")).to_have_attribute("aria-pressed", "false")
    gauge = page.get_by_role("img", name=re.compile("threshold 0.9"))
    told = gauge.get_attribute("aria-label")
    assert distance(page).inner_text() in told

    elsewhere = open_context(**PHONE).new_page()
    elsewhere.goto(page.url)
    expect(slot(elsewhere, "A")).to_contain_text("Your drawing")
    expect(distance(elsewhere)).to_have_text(distance(page).inner_text())
    expect(elsewhere.get_by_role("img", name=told)).to_be_visible()
    expect(elsewhere.get_by_role("button", name="filled")).to_have_attribute("aria-pressed", "false")
    assert urlsplit(elsewhere.url).query == urlsplit(page.url).query


def test_a_report_and_the_number_in_python_are_taken_away(page: Page, tmp_path: Path) -> None:
    page.goto("/?item_b=9")
    page.get_by_role("button", name="A drawing").click()
    expect(slot(page, "A")).to_contain_text("Your drawing")
    open_popover(page.get_by_role("button", name="Take away"))
    for key, begins in (("report", b"<!doctype html>"), ("svg", b"<?xml"), ("csv", b"dimension,a,b,square")):
        with page.expect_download() as download:
            page.locator(f".st-key-take_{key}").get_by_role("button").click()
        assert download.value.path().read_bytes().startswith(begins)
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture A").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    snippet = page.get_by_test_id("stCode").locator("code").inner_text()
    printed = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, env={"PYTHONPATH": str(PROJECT), "PATH": ""},
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    assert printed.strip() == distance(page).inner_text()


def test_a_finger_draws_on_a_phone(phone: Page) -> None:
    phone.goto("/?item_a=5&item_b=9")
    phone.get_by_role("radio", name="Draw").tap()
    pad = phone.get_by_role("img", name="Sketch pad for slot A")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    finger = phone.context.new_cdp_session(phone)
    for kind, x, y in (("touchStart", 60, 60), ("touchMove", 120, 100), ("touchMove", 160, 200), ("touchEnd", 0, 0)):
        points = [] if kind == "touchEnd" else [{"x": box["x"] + x, "y": box["y"] + y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(slot(phone, "A")).to_contain_text("Your drawing")
    expect(distance(phone)).to_have_text(NUMBER)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_why_opens_in_time_with_bars_and_a_heat_map_on_each_image(page: Page) -> None:
    page.goto("/?item_a=2&item_b=25")
    expect(distance(page)).to_have_text(NUMBER)
    parts = page.locator(".st-key-parts")
    expect(parts).to_have_count(0)
    page.get_by_text("Why this distance").click()
    expect(parts.locator(".square")).to_have_count(load_bundle("best").encoder.size)
    for letter in "AB":
        expect(page.get_by_role("img", name=f"Slot {letter}: what moves the distance")).to_be_visible()
    total = float(re.search(r"= (\d\.\d{6}) =", parts.locator(".sum").inner_text())[1])
    assert total**0.5 == pytest.approx(float(distance(page).inner_text()), abs=1e-4)
    expect(page).to_have_url(re.compile("why=true"))
    before = parts.locator(".sum").inner_text()
    wall_item(page, 8).click()
    expect(parts.locator(".sum")).not_to_have_text(before)


def test_odds_change_the_probability_and_stand_in_the_address(page: Page) -> None:
    page.goto("/")
    shown = page.get_by_test_id("stMetric").filter(has_text="P(same)").get_by_test_id("stMetricValue")
    expect(shown).to_have_text(re.compile("%"))
    before = shown.inner_text()
    open_popover(page.get_by_role("button", name="Odds"))
    slider = page.get_by_role("slider", name="Share of same pairs")
    slider.press("Home")
    expect(shown).not_to_have_text(before)
    expect(page).to_have_url(re.compile("base_rate=1$"))


def test_examples_swap_and_surprise_take_one_click(page: Page) -> None:
    page.goto("/")
    expect(distance(page)).to_have_text(NUMBER)
    page.get_by_role("button", name="A drawing").click()
    expect(slot(page, "A")).to_contain_text("Your drawing")
    expect(page.get_by_role("status").filter(has_text="Same")).to_be_visible()
    page.get_by_role("button", name="Swap").click()
    expect(slot(page, "B")).to_contain_text("Your drawing")
    page.get_by_role("button", name="Mislabelled").click()
    expect(page.get_by_text("but the labels say otherwise")).to_be_visible()
    expect(page).to_have_url(re.compile("item_a=787"))
    before = page.url
    page.get_by_role("button", name="Surprise me").click()
    expect(page).not_to_have_url(before)
