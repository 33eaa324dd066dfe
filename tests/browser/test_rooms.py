"""Journeys through Pairs and Train, and what holds for every room."""

import contextlib
import os
import re
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from siamese_core import runs
from siamese_core.artifacts import list_names, load_bundle
from tests.browser.conftest import PHONE, Server, distance, open_popover, slot
from tests.hostile.packs import HOSTILE

pytestmark = pytest.mark.browser

TRAINING_WAIT = 300_000  # ms; TensorFlow wakes up, trains an epoch, exports and measures, on a machine with more to do


def open_room(page: Page, name: str) -> None:
    expect(page.locator(".st-key-header")).to_be_visible()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_a_pair_opens_in_compare_with_its_distance(page: Page) -> None:
    page.goto("/?model=classic")
    expect(distance(page)).to_be_visible()  # who leaves before Streamlit has read the address leaves it behind
    open_room(page, "Pairs")
    page.get_by_role("radio", name="Wrong").click()
    expect(page.locator(".st-key-pair_grid .mark").first).to_have_text("✗ wrong")
    expect(page.locator(".st-key-pair_grid .mark").filter(has_text="right")).to_have_count(0)
    card = page.locator(".st-key-pair_grid .pair").nth(3)
    shown = card.locator(".distance").inner_text()
    card.click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(distance(page)).to_have_text(shown)
    expect(page).to_have_url(re.compile("model=classic"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_curves_of_two_models_stand_apart(page: Page, language: str) -> None:
    page.goto(f"/train?lang={language}")
    charts = page.locator(".st-key-comparison .plot svg")
    expect(charts).to_have_count(3)
    for chart in charts.all():
        lines = chart.locator("path")
        expect(lines).to_have_count(2)
        best, classic = (line.bounding_box() for line in lines.all())
        assert max(best["y"] + best["height"], classic["y"] + classic["height"]) - min(best["y"], classic["y"]) > 50


def focused_pair(page: Page) -> int:
    return page.locator(".st-key-pair_grid .pair").evaluate_all(
        "cards => cards.indexOf(cards[0]?.getRootNode().activeElement)"
    )


def test_j_and_k_walk_over_the_pairs_and_on_to_the_next_page(page: Page) -> None:
    page.goto("/pairs?pairs_order=threshold")
    cards = page.locator(".st-key-pair_grid .pair")
    expect(cards).to_have_count(24)
    first = cards.first.get_attribute("title")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused_pair(page) == 1
    page.keyboard.press("k")
    assert focused_pair(page) == 0
    cards.last.focus()
    page.keyboard.press("j")
    expect(cards.first).not_to_have_attribute("title", first)
    expect(cards.first).to_be_focused()
    page.keyboard.press("k")
    expect(cards.first).to_have_attribute("title", first)
    expect(cards.last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()


def test_typing_a_j_moves_nothing(page: Page) -> None:
    page.goto("/pairs")
    expect(page.locator(".st-key-pair_grid .pair").first).to_be_visible()
    page.get_by_role("combobox", name="Class").click()
    page.keyboard.press("j")
    assert focused_pair(page) == -1


def press_until(page: Page, key: str, shown: Locator, *, count: int) -> None:
    """Press a key until the page has answered: it listens a moment after it shows its buttons."""
    for _ in range(5):
        page.keyboard.press(key)
        with contextlib.suppress(AssertionError):
            return expect(shown).to_have_count(count, timeout=4_000)
    return expect(shown).to_have_count(count)


def test_you_against_the_network_by_keys_alone(page: Page) -> None:
    page.goto("/pairs")
    page.get_by_role("radio", name="Guess").click()
    expect(page.get_by_role("img", name="Two items")).to_be_visible()
    for number in range(1, 11):
        expect(page.get_by_text(f"{number} of 10")).to_be_visible()
        expect(page.get_by_role("button", name="Same")).to_be_visible()
        press_until(page, "s", page.get_by_text("The labels say"), count=1)
        expect(page.get_by_role("button", name="Next")).to_be_visible()
        press_until(page, "n", page.get_by_text("The labels say"), count=0)
    expect(page.get_by_role("heading", name=re.compile("You win|A draw|The network wins"))).to_be_visible()
    score = page.get_by_test_id("stMetric").filter(has_text="You").get_by_test_id("stMetricValue")
    expect(score).to_have_text("5")  # half of the pairs are the same
    press_until(page, "n", page.get_by_text("1 of 10"), count=1)


def test_the_ten_pairs_can_be_taken_away(page: Page) -> None:
    page.goto("/")
    open_room(page, "Pairs")
    with page.expect_download() as download:
        page.get_by_role("button", name="Ten pairs as PNG").click()
    assert download.value.suggested_filename == "ten-pairs-test.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_very_first_visitor_may_come_by_another_door(start_server: Callable[[], Server], browser: Browser) -> None:
    fresh = start_server()
    page = browser.new_page(base_url=fresh.url)
    page.goto("/pairs")
    expect(page.get_by_role("heading", name="Pairs", exact=True)).to_be_visible()
    expect(page.locator(".st-key-pair_grid .pair").first).to_be_visible()
    page.close()


def test_every_answer_carries_the_headers_and_only_the_embedded_one_may_be_framed(server: Server) -> None:
    for path, framed in (("/", False), ("/sprite/test.png?ids=1", False), ("/?embed=true", True)):
        with urllib.request.urlopen(server.url + path) as answer:  # noqa: S310  (our own address)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert ("X-Frame-Options" not in answer.headers) == framed
            assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors *") == framed


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads Linux's map of a process")
def test_the_server_never_loads_tensorflow(page: Page, server: Server) -> None:
    page.goto("/")
    expect(distance(page)).to_be_visible()
    assert "tensorflow" not in Path(f"/proc/{server.pid}/maps").read_text()


@pytest.mark.parametrize("room", ["Compare", "Map", "Pairs", "Evaluate", "Train"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_room_scrolls_sideways_on_a_phone(
    open_context: Callable[..., BrowserContext], room: str, scheme: str
) -> None:
    page = open_context(**PHONE, color_scheme=scheme).new_page()
    page.goto("/" if room == "Compare" else f"/{room.lower()}")
    expect(page.get_by_role("heading", name=room, exact=True)).to_be_visible()
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")


def test_a_run_is_seen_after_a_reload_and_by_others_and_stops(
    page: Page, open_context: Callable[..., BrowserContext], server: Server
) -> None:
    page.goto("/")
    open_room(page, "Train")
    page.get_by_label("Epochs").fill("200")
    page.get_by_label("Epochs").press("Enter")
    expect(page).to_have_url(re.compile("epochs=200"))
    page.get_by_label("Name", exact=True).fill("tiny")
    page.get_by_role("button", name="Start training").click()
    progress = page.get_by_test_id("stProgress")
    expect(progress).to_contain_text("Training tiny")
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    page.reload()
    expect(progress).to_contain_text("Training tiny")

    second = open_context().new_page()
    second.goto("/train")
    expect(second.get_by_test_id("stProgress")).to_contain_text("Training tiny")
    expect(page.get_by_test_id("stProgress")).to_contain_text(
        re.compile(r"epoch [2-9]\d* of 200"), timeout=TRAINING_WAIT
    )
    second.get_by_role("button", name="Pause").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("paused in epoch")
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(page.get_by_role("img", name=re.compile("Distances of the validation pairs"))).to_be_visible()
    for visitor in (page, second):
        expect(visitor.get_by_role("img", name=re.compile("Map of 2,000 test items, after epoch"))).to_be_visible()
    page.get_by_role("button", name="From the start").click()
    expect(page.locator(".st-key-moving_map .stage")).to_have_attribute("data-epoch", "0")
    expect(page.locator(".st-key-moving_map .stage")).to_have_attribute("data-epoch", re.compile("[1-9]"))
    page.get_by_role("button", name="Play").click()
    expect(second.get_by_test_id("stProgress")).not_to_contain_text("paused")
    second.get_by_role("button", name="Stop training").click()

    expect(second.get_by_role("button", name="Stop training")).to_be_disabled()
    expect(page.get_by_text("tiny is trained and can be used")).to_be_visible(timeout=TRAINING_WAIT)
    page.get_by_role("button", name="Leave the map out").click()
    expect(page.get_by_text("tiny was stopped; its best epoch is kept")).to_be_visible()
    expect(second.get_by_text("tiny was stopped; its best epoch is kept")).to_be_visible()
    expect(page.get_by_role("button", name="Stop training")).to_have_count(0)
    assert "tiny" in list_names(server.artifacts)
    assert runs.latest(server.artifacts).state == "stopped"

    page.get_by_role("button", name="Use tiny").click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("tiny")
    open_room(page, "Compare")
    threshold = load_bundle("tiny", server.artifacts).threshold
    expect(page.get_by_role("img", name=re.compile(f"threshold {threshold:.4f}"))).to_be_visible()
    expect(slot(page, "A")).to_be_visible()

    open_room(page, "Train")
    open_popover(page.locator(".st-key-model_tiny").get_by_role("button", name="More"))
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".st-key-model_tiny")).to_have_count(0)
    assert "tiny" not in list_names(server.artifacts)


def take_in(page: Page, content: bytes) -> None:
    """Give a fresh page a model's file, where the place for it is open; it takes none before it has come."""
    page.locator("input[type=file]").set_input_files(
        {"name": "theirs.zip", "mimeType": "application/zip", "buffer": content}
    )
    page.get_by_label("Name here").fill("theirs")
    page.get_by_label("Name here").press("Enter")
    page.get_by_role("button", name="Take it in").click()


def test_strangers_files_are_refused_and_the_page_lives_on(page: Page, server: Server) -> None:
    for hostile, said in (
        ("a link", "This file holds links or locked files; a model has neither."),
        ("a gallery of objects", "The gallery.npz in this file is not as this project writes it; download it again."),
        ("a bomb that says it is small", "This file is damaged; download it again."),
    ):
        page.goto("/train")
        open_popover(page.get_by_role("button", name="Take in a model"))
        take_in(page, HOSTILE[hostile]())
        expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(said)))
    page.keyboard.press("Escape")
    open_room(page, "Compare")
    expect(slot(page, "A")).to_be_visible()
    assert "theirs" not in list_names(server.artifacts)


def test_a_model_is_downloaded_and_taken_in_again(page: Page, server: Server) -> None:
    page.goto("/train")
    expect(
        page.get_by_role("heading", name="The network of best")
    ).to_be_visible()  # the last to come: all stays in place
    open_popover(page.locator(".st-key-model_classic").get_by_role("button", name="More"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as one file").click()
    assert download.value.suggested_filename == "classic.zip"
    page.keyboard.press("Escape")
    open_popover(page.get_by_role("button", name="Take in a model"))
    take_in(page, download.value.path().read_bytes())
    expect(page.get_by_text("theirs is trained and can be used")).to_be_visible(timeout=TRAINING_WAIT)
    expect(page.locator(".st-key-model_theirs")).to_be_visible()
    page.get_by_role("button", name="Leave the map out").click()
    expect(page.get_by_text(re.compile("^theirs is trained.$"))).to_be_visible()
    assert load_bundle("theirs", server.artifacts).threshold == pytest.approx(load_bundle("classic").threshold)


def test_a_killed_run_is_reported_and_the_next_one_can_start(page: Page, server: Server) -> None:
    page.goto("/")
    open_room(page, "Train")
    page.get_by_label("Name", exact=True).fill("doomed")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("Training doomed")
    run = runs.current(server.artifacts)
    os.kill(int((server.artifacts / ".runs" / run.id / "pid").read_text()), signal.SIGKILL)
    expect(page.get_by_test_id("stAlert")).to_contain_text("may have been killed")
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    assert "doomed" not in list_names(server.artifacts)
