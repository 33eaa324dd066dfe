"""A real Chromium before the real server. What a journey must never do fails it: see `Watch`."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from tests.pictures import encoded

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "test-results"
START_SECONDS = 60
LOOK_EVERY_SECONDS = 0.1
WAIT_MILLISECONDS = 20_000  # for one expectation, on a machine that trains at the same time

STILL_LOOKS, MOST_LOOKS = 8, 200  # a tenth of a second apart

LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

PASTE = """(body, bytes) => {
  const pasted = new DataTransfer();
  pasted.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true }));
}"""
"""A picture's bytes pasted into the page whose body it is."""

expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    artifacts: Path
    pid: int
    seconds_to_health: float


@dataclass
class Watch:
    """What happened in a page that must not: errors in the console, requests to another host."""

    host: str
    faults: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Opened at /pairs, Streamlit's front end asks /pairs/_stcore/… first, whether it lives under such a base path.
        probing = urlsplit(message.location.get("url", "")).path.endswith(("/_stcore/health", "/_stcore/host-config"))
        if message.type == "error" and not probing:
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != self.host:
            self.faults.append(f"request to another host: {request.url}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey that fails gets a second try, which pytest's summary tells: what fails twice is no accident."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keeps the outcome of the test's body, for the screenshot on failure."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[FAILED] = report.failed


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Server]]:
    """Starts servers, each on a free port and with models of its own: the shipped ones, linked."""
    processes = []

    def start() -> Server:
        artifacts = tmp_path_factory.mktemp("artifacts")
        for name in ("best", "classic"):
            (artifacts / name).symlink_to(PROJECT / "artifacts" / name)
        port = free_port()
        log = (artifacts / "server.log").open("wb")
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1"],
            cwd=PROJECT,
            env={**os.environ, "SIAMESE_ARTIFACTS": str(artifacts)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        processes.append((process, log, artifacts))
        wait_for_health(f"http://127.0.0.1:{port}", process)
        return Server(f"http://127.0.0.1:{port}", artifacts, process.pid, time.monotonic() - began)

    yield start
    for process, log, _ in processes:
        process.terminate()
        process.wait(timeout=20)
        log.close()
    logs = [(artifacts / "server.log").read_text(errors="replace") for _, _, artifacts in processes]
    assert [text[-4000:] for text in logs if "Traceback" in text or '"exception"' in text] == []


@pytest.fixture(scope="session")
def server(start_server: Callable[[], Server]) -> Server:
    """The server that most journeys share."""
    return start_server()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else Playwright's own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--use-fake-device-for-media-stream"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_context(
    browser: Browser, server: Server, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a visitor's context; at the end no page of it may have done what it must not."""
    watch = Watch(urlsplit(server.url).netloc)
    contexts: list[BrowserContext] = []

    def open_one(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=server.url, **{**LAPTOP, **options})
        context.on("page", watch.follow)
        contexts.append(context)
        return context

    yield open_one
    if request.node.stash.get(FAILED, True):
        RESULTS.mkdir(exist_ok=True)
        name = request.node.name.replace("/", "_")
        for number, page in enumerate(page for context in contexts for page in context.pages):
            page.screenshot(path=RESULTS / f"{name}-{number}.png", full_page=True)
    for context in contexts:
        context.close()
    assert watch.faults == []


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """A laptop's page."""
    return open_context().new_page()


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext]) -> Page:
    """A phone's page, touched, not clicked."""
    return open_context(**PHONE).new_page()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_health(url: str, process: subprocess.Popen) -> None:
    """Returns when the server answers; fails when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:  # noqa: S310  (our own address)
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(LOOK_EVERY_SECONDS)
    pytest.fail(f"the server did not answer within {START_SECONDS} s")


def open_popover(button: Locator) -> None:
    """Opens what a button opens once the button lies still: Streamlit leaves an open popover where it was put."""
    places = []
    while len(places) < STILL_LOOKS or len(set(places[-STILL_LOOKS:])) > 1:
        box = button.bounding_box()
        places.append(box and (box["x"], box["y"]))
        button.page.wait_for_timeout(100)
        assert len(places) < MOST_LOOKS, "the page never came to rest"
    button.click()


def distance(page: Page):
    """The number under the label Distance."""
    return page.get_by_test_id("stMetric").filter(has_text="Distance").get_by_test_id("stMetricValue")


def slot(page: Page, letter: str):
    """The card of a slot."""
    return page.get_by_role("button", name=f"Slot {letter}:")


def picture(name: str, image: np.ndarray) -> dict:
    """An image uint8 (h, w) as a file to upload."""
    return {"name": name, "mimeType": "image/png", "buffer": encoded(Image.fromarray(image))}
