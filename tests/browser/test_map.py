"""Journeys over the map."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from siamese_core.artifacts import load_bundle
from siamese_core.comparison import compare
from siamese_core.data import load_collection
from tests.browser.conftest import LAPTOP, PHONE, Server, distance, slot

pytestmark = pytest.mark.browser

SHIRT, BAG = 4, 18  # test items


def open_map(page: Page, address: str = "/map?model=classic") -> Locator:
    """The stage, once its dots are there."""
    page.goto(address)
    stage = page.locator(".st-key-map .stage")
    expect(stage).to_have_attribute("data-drawn", "neighbours")
    return stage


def card(page: Page) -> Locator:
    return page.locator(".st-key-map .card")


def find(page: Page, item: int) -> tuple[float, float]:
    """Where an item's dot is on the screen, as the search shows it."""
    page.get_by_role("combobox", name="Class or number").fill(str(item))
    expect(card(page)).to_contain_text(f"test {item}")
    x, y = card(page).evaluate(
        "card => { const m = new DOMMatrix(getComputedStyle(card).transform); return [m.e, m.f]; }"
    )
    box = page.locator(".st-key-map canvas.marks").bounding_box()
    page.get_by_role("combobox", name="Class or number").fill("")
    expect(card(page)).to_be_hidden()
    return box["x"] + x, box["y"] + y


def distance_of_items(first: int, second: int) -> float:
    """How far two test items are apart for `classic`, by the core."""
    model = load_bundle("classic")
    a, b = model.encoder.embed(load_collection().split("test").images[[first, second]])
    return compare(a, b, model.threshold).distance


def test_a_hover_shows_the_picture_without_asking_the_server(page: Page) -> None:
    asked: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(frame)))
    stage = open_map(page)
    expect(stage).to_have_attribute("data-pictured", "true")
    x, y = find(page, BAG)
    page.on("request", lambda request: asked.append(request.url))
    before = len(asked)
    page.mouse.move(x, y)
    expect(card(page)).to_contain_text("test")
    assert (
        card(page)
        .locator("canvas")
        .evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, 28, 28).data.some((value, at) => at % 4 < 3 && value)"
        )
    )
    assert asked[before:] == []


def test_an_address_says_what_both_slots_hold(page: Page) -> None:
    open_map(page, f"/map?model=classic&item_a={SHIRT}&item_b={BAG}")
    for letter, item in (("A", SHIRT), ("B", BAG)):
        near = page.get_by_role("listbox", name=f"Items nearest to {letter}").get_by_role("option")
        expect(near.first).to_have_attribute("data-item", str(item))


def test_clicks_fill_both_slots_and_compare_has_the_same_distance(page: Page) -> None:
    open_map(page)
    page.mouse.click(*find(page, SHIRT))
    expect(page.get_by_label("Item A")).not_to_have_value("945")
    first = page.get_by_label("Item A").input_value()
    near = page.get_by_role("listbox", name="Items nearest to A").get_by_role("option")
    expect(near.first).to_have_attribute("data-item", first)
    page.mouse.click(*find(page, BAG))
    expect(page.get_by_label("Item B")).not_to_have_value("7993")
    second = page.get_by_label("Item B").input_value()
    expect(page).to_have_url(re.compile(rf"item_a={first}&.*item_b={second}|item_b={second}&.*item_a={first}"))
    apart = f"{distance_of_items(int(first), int(second)):.4f}"
    expect(page.get_by_text(re.compile("apart:"))).to_contain_text(apart)
    page.get_by_role("link", name="Compare them").click()
    expect(distance(page)).to_have_text(apart)
    expect(slot(page, "A")).to_be_visible()
    expect(page.get_by_label("Item A")).to_have_value(first)


def test_keys_walk_over_the_items_and_enter_picks_one(page: Page) -> None:
    stage = open_map(page)
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(card(page)).to_be_visible()
    first = card(page).inner_text()
    page.keyboard.press("ArrowLeft")
    expect(card(page)).not_to_have_text(first)
    item = re.search(r"\d+$", card(page).inner_text())[0]
    page.keyboard.press("Enter")
    expect(page.get_by_label("Item A")).to_have_value(item)
    where = card(page).bounding_box()
    page.keyboard.press("+")
    expect(stage).to_have_attribute("data-zoom", "1.40")
    assert card(page).bounding_box() != where  # it goes along with its dot
    page.keyboard.press("0")
    expect(stage).to_have_attribute("data-zoom", "1.00")


def test_hidden_classes_cannot_be_hovered(page: Page) -> None:
    open_map(page)
    x, y = find(page, BAG)
    page.mouse.move(x, y)
    expect(card(page)).to_be_visible()
    classes = page.get_by_role("group", name="Classes").get_by_role("button")
    expect(classes).to_have_count(10)
    for button in classes.all():
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
    page.mouse.move(x, y)
    expect(card(page)).to_be_hidden()
    classes.filter(has_text="Bag").click()
    page.mouse.move(x + 1, y)
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text("Bag")


def test_a_lasso_lists_its_items_until_it_is_let_go(page: Page) -> None:
    open_map(page)
    x, y = find(page, BAG)
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    for across, down in ((40, -40), (40, 40), (-40, 40)):
        page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()
    heading = page.get_by_role("heading", name="Items in the lasso:")
    expect(heading).to_be_visible()
    count = int(heading.inner_text().rpartition(":")[2].replace(",", ""))
    expect(page.get_by_role("listbox", name="Items in the lasso").get_by_role("option")).to_have_count(min(count, 48))
    page.get_by_role("button", name="Clear the selection").click()
    expect(heading).to_have_count(0)


def test_the_epochs_are_scrubbed_and_played(page: Page) -> None:
    stage = open_map(page)
    epoch = page.get_by_role("slider", name="Epoch")
    epoch.fill("0")
    expect(stage).to_have_attribute("data-drawn", "epoch-0")
    expect(epoch).to_have_attribute("aria-valuetext", "untrained")
    before_last = load_bundle("classic").embedding_map.epochs[-2]
    epoch.press("End")
    epoch.press("ArrowLeft")
    expect(stage).to_have_attribute("data-drawn", f"epoch-{before_last}")
    page.get_by_role("button", name="Play the training").click()
    expect(stage).to_have_attribute("data-drawn", "epoch-20", timeout=60_000)
    expect(page.get_by_role("button", name="Play the training")).to_be_visible()
    page.get_by_role("button", name="Epochs", exact=True).click()
    kept = load_bundle("classic").config["kept_epoch"]
    expect(stage).to_have_attribute("data-drawn", f"epoch-{kept}")
    expect(epoch).to_have_attribute("aria-valuetext", re.compile("kept"))


def test_the_epochs_are_played_without_motion(open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(reduced_motion="reduce").new_page()
    stage = open_map(page)
    page.get_by_role("button", name="Play the training").click()
    expect(stage).to_have_attribute("data-drawn", "epoch-20", timeout=60_000)
    expect(page.get_by_role("button", name="Play the training")).to_be_visible()


def test_what_cannot_be_fetched_is_said_and_fetched_later(browser: Browser, server: Server) -> None:
    page = browser.new_context(base_url=server.url, **LAPTOP).new_page()  # its console may tell of errors
    stage = open_map(page)
    page.route("**/map/**", lambda route: route.abort())
    page.get_by_role("slider", name="Epoch").fill("0")
    expect(stage.get_by_role("alert")).to_have_text("The map could not be fetched. Try again, or reload the page.")
    page.unroute_all()
    page.get_by_role("slider", name="Epoch").press("End")
    expect(stage).to_have_attribute("data-drawn", "epoch-20")
    expect(stage.get_by_role("alert")).to_have_count(0)
    page.context.close()


def test_a_drawing_lands_as_a_star_with_its_nearest(page: Page) -> None:
    page.goto("/?model=classic")
    page.get_by_role("button", name="A drawing").click()
    expect(page.get_by_text("Your drawing")).to_be_visible()
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.locator(".st-key-map .stage")).to_have_attribute("data-drawn", "neighbours")
    expect(page.get_by_text("A is no test item")).to_be_visible()
    expect(page.get_by_role("listbox", name="Items nearest to A").get_by_role("option")).to_have_count(7)


def test_a_finger_picks_and_two_fingers_zoom(open_context: Callable[..., BrowserContext]) -> None:
    phone = open_context(**PHONE).new_page()
    stage = open_map(phone)
    x, y = find(phone, SHIRT)
    phone.touchscreen.tap(x, y)
    expect(phone.get_by_label("Item A")).not_to_have_value("945")
    expect(card(phone)).to_be_visible()
    touch = phone.context.new_cdp_session(phone)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(stage).to_have_attribute("data-zoom", re.compile(r"^(1\.[5-9]|2\.)"))
    phone.get_by_role("button", name="Show all").click()
    expect(stage).to_have_attribute("data-zoom", "1.00")
