"""The app in a frame on somebody else's page."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from siamese_core.data import open_collection
from tests.browser.conftest import PASTE, Server, picture

pytestmark = pytest.mark.browser


@pytest.fixture
def host_page(server: Server) -> Iterator[Callable[[str], str]]:
    """The address of a page of another site, `localhost` and not 127.0.0.1, that frames a path of the app."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!doctype html><iframe width="900" height="700" src="{server.url}{self.path}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    host = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield lambda path: f"http://localhost:{host.server_port}{path}"
    host.shutdown()
    host.server_close()


@pytest.fixture
def framed(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1000, "height": 760})
    yield page
    page.close()


def test_an_embedded_comparison_works_in_another_sites_frame(framed: Page, host_page: Callable[[str], str]) -> None:
    framed.goto(host_page("/?embed=true&item_a=0&item_b=9"))
    app = framed.frame_locator("iframe")
    shown = app.get_by_test_id("stMetricValue").first
    expect(shown).to_have_text(re.compile(r"\d\.\d{4}"))
    before = shown.inner_text()
    app.locator(".st-key-wall .item").nth(7).click()
    expect(shown).not_to_have_text(before)
    app.get_by_role("button", name="A drawing").click()
    expect(app.get_by_role("button", name="Slot A: Your drawing")).to_be_visible()
    expect(app.get_by_role("radio", name="Upload")).to_have_count(0)  # it would be refused: see filling.py
    item = picture("item.png", open_collection().image("test:0"))
    app.locator("body").evaluate(PASTE, list(item["buffer"]))
    expect(app.get_by_role("button", name="Slot B: Your picture")).to_be_visible()
    expect(app.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize(
    "path", ["/train?embed=true", "/train?embed=false&embed=true", "/?embed=true&embed_options=show_toolbar"]
)
def test_nothing_is_trained_or_deleted_from_a_frame(framed: Page, host_page: Callable[[str], str], path: str) -> None:
    framed.goto(host_page(path))
    app = framed.frame_locator("iframe")
    expect(app.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"\d\.\d{4}"))  # Compare instead
    for name in ("Train", "Start training", "Delete"):
        expect(app.get_by_text(name, exact=True)).to_have_count(0)


def test_without_embed_the_app_is_not_framed(framed: Page, host_page: Callable[[str], str]) -> None:
    with framed.expect_event("console", lambda message: "frame-ancestors" in message.text):
        framed.goto(host_page("/?item_a=0"))
    expect(framed.frame_locator("iframe").get_by_test_id("stMetricValue")).to_have_count(0)
