"""The app as a visitor meets it: start, first distance, clicks, memory.

    python benchmarks/app.py --starts 3 --clicks 20

Starts the server, opens it in headless Chromium, and measures from the start of the process to the first distance on
the screen; then clicks tiles of the wall and measures from click to new distance; then asks the system for the
server's resident memory; then draws on the pad without lifting the mouse and counts the distances that come meanwhile;
then opens "Why this distance" and clicks on; then drags the threshold on the page Evaluate; then opens the map, hovers
over its dots and plays its epochs.
Prints medians as Markdown. Needs requirements-dev.txt and a Chromium.
"""

import argparse
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsing import DISTANCE, STOPWATCH
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TIMED = "count => window.answers.length >= count"

COUNT_ANSWERS = f"""() => {{
  let last = document.querySelector('{DISTANCE}').innerText;
  window.answers = 0;
  const look = () => {{
    const shown = document.querySelector('{DISTANCE}')?.innerText;
    if (shown !== last) window.answers += 1;
    last = shown;
  }};
  window.looking?.disconnect();
  window.looking = new MutationObserver(look);
  window.looking.observe(document.body, {{subtree: true, childList: true, characterData: true}});
}}"""
WINDOW_SECONDS = 2.0
SETTLED = 500  # ms: the last stroke is answered
HOVERS = """async (map, count) => {
  const [canvas, card] = [map.querySelector(".marks"), map.querySelector(".card")];
  const box = canvas.getBoundingClientRect();
  const seconds = [];
  for (let number = 0; seconds.length < count && number < 100 * count; number += 1) {
    const before = card.innerText;
    const turn = 2.4 * number;
    const away = 0.3 * Math.sqrt((number % 50) / 50);
    const clientX = box.left + box.width * (0.5 + away * Math.cos(turn));
    const clientY = box.top + box.height * (0.5 + away * Math.sin(turn));
    await new Promise(requestAnimationFrame);
    const started = performance.now();
    canvas.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, pointerType: "mouse" }));
    card.getBoundingClientRect();
    const spent = performance.now() - started;
    if (!card.hidden && card.innerText !== before) seconds.push(spent / 1000);
  }
  return seconds;
}"""
FRAMES = """stage => new Promise((resolve) => {
  const rates = [];
  let [frames, began, idle] = [0, 0, 0];
  const look = (now) => {
    if (stage.dataset.moving === "true") {
      if (!frames) began = now;
      [frames, idle] = [frames + 1, 0];
    } else {
      if (frames > 1) rates.push((1000 * frames) / (now - began));
      [frames, idle] = [0, idle + 1];
    }
    if (idle > 200) resolve(rates);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
"""Measured in the page itself, where the time is spent: the server has no part in either."""

WORDS_CHANGED = "([element, before]) => element.innerText !== before"


@contextmanager
def running_server() -> Iterator[tuple[str, int, float]]:
    """A server on a free port: its address, process id and time of start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}", process.pid, started
        finally:
            process.terminate()


def open_page(browser: Browser, url: str) -> Page:
    """The app's first page, as soon as it shows a distance."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.add_init_script(STOPWATCH)
    while True:
        try:
            page.goto(url)
            break
        except Exception:  # the server does not listen yet; Playwright's error has no narrower kind
            time.sleep(0.02)
    page.wait_for_selector(DISTANCE)
    return page


def time_clicks(page: Page, count: int) -> list[float]:
    """Seconds from a click on a tile to another distance on the screen, by the page's own clock."""
    page.wait_for_selector(".st-key-wall .item")
    for number in range(count):
        page.locator(".st-key-wall .item").nth(3 + 2 * number).click()
        page.wait_for_function(TIMED, arg=number + 1)
    return [seen / 1e3 for seen, _ in page.evaluate("window.answers")]


def time_heat_maps(page: Page, count: int) -> list[float]:
    """Seconds from a click on a tile to other heat maps, which come after the distance."""
    page.get_by_text("Why this distance").click()
    total = page.locator(".st-key-parts .sum")
    total.wait_for()
    seconds = []
    for number in range(count):
        before, element = total.inner_text(), total.element_handle()
        tile = page.locator(".st-key-wall .item").nth(4 + 2 * number)
        started = time.perf_counter()
        tile.click()
        page.wait_for_function(WORDS_CHANGED, arg=[element, before])
        seconds.append(time.perf_counter() - started)
    return seconds


def count_answers(browser: Browser, url: str, windows: int) -> list[float]:
    """New distances a second while the mouse draws and is not lifted, window after window."""
    page = open_page(browser, url)
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_role("img", name="Sketch pad for slot")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    rates = []
    for number in range(windows):
        page.get_by_role("button", name="Clear", exact=True).click(force=True)
        page.wait_for_timeout(SETTLED)
        page.evaluate(COUNT_ANSWERS)
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < WINDOW_SECONDS:
            angle, reach = 4 * elapsed + number, 20 + 40 * elapsed
            page.mouse.move(box["x"] + 130 + reach * math.cos(angle), box["y"] + 130 + reach * math.sin(angle))
        rates.append(page.evaluate("window.answers") / elapsed)
        page.mouse.up()
        page.wait_for_timeout(SETTLED)
    page.context.close()
    return rates


def time_drags(page: Page, count: int) -> list[float]:
    """Seconds from a move of the threshold, the button held down, to another rate of false accepts."""
    page.get_by_role("link", name="Evaluate", exact=True).click()
    handle, far = page.get_by_role("slider", name="Threshold"), page.locator(".st-key-explorer [data-figure=far]")
    page.locator(".st-key-reliability circle").first.wait_for()  # the whole page is there
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seconds = []
    for number in range(count):
        before, element = far.inner_text(), far.element_handle()
        started = time.perf_counter()
        page.mouse.move(x + 5 * (number + 1), y)
        page.wait_for_function(WORDS_CHANGED, arg=[element, before])
        seconds.append(time.perf_counter() - started)
    page.mouse.up()
    return seconds


def time_map(page: Page) -> float:
    """Seconds from the way into the page Map to its 10,000 dots on the screen."""
    started = time.perf_counter()
    page.get_by_role("link", name="Map", exact=True).click()
    page.wait_for_selector(".st-key-map .stage[data-drawn]")
    return time.perf_counter() - started


def time_hovers(page: Page, count: int) -> list[float]:
    """Seconds from a move of the mouse to the ring, the picture and the name of another item, laid out."""
    page.wait_for_function("document.querySelector('.st-key-map')")
    page.wait_for_timeout(2_000)  # the atlas of pictures comes after the dots
    return page.locator(".st-key-map .map").evaluate(HOVERS, count)


def rate_morphs(page: Page) -> tuple[float, float]:
    """Frames a second while the epochs of classic play, and in the slowest of the ways from epoch to epoch."""
    page.get_by_role("button", name="Play the training").click()
    rates = page.locator(".st-key-map .stage").evaluate(FRAMES)
    return statistics.median(rates), min(rates)


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, as the system tells it."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True).stdout  # noqa: S607
    return int(told) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=20)
    arguments = parser.parse_args()
    starts, clicks, memory, heat_maps, answers, drags = [], [], [], [], [], []
    maps, hovers, morphs = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(arguments.starts):
            with running_server() as (url, pid, started):
                page = open_page(browser, url)
                starts.append(time.perf_counter() - started)
                clicks += time_clicks(page, arguments.clicks)
                memory.append(resident_megabytes(pid))
                answers += count_answers(browser, url, arguments.clicks)
                heat_maps += time_heat_maps(page, arguments.clicks)
                drags += time_drags(page, arguments.clicks)
                page.goto(f"{url}/?model=classic")
                page.wait_for_selector(DISTANCE)
                maps.append(time_map(page))
                hovers += time_hovers(page, 5 * arguments.clicks)
                morphs.append(rate_morphs(page))
                page.context.close()
        browser.close()
    print(f"| {os.cpu_count()} cores | median | worst |\n|---|---|---|")
    print(f"| server start → first distance visible, s | {statistics.median(starts):.2f} | {max(starts):.2f} |")
    print(f"| click → distance, ms | {1e3 * statistics.median(clicks):.0f} | {1e3 * max(clicks):.0f} |")
    print(f"| click → heat maps, ms | {1e3 * statistics.median(heat_maps):.0f} | {1e3 * max(heat_maps):.0f} |")
    print(f"| answers a second while drawing | {statistics.median(answers):.1f} | {min(answers):.1f} |")
    print(f"| dragged threshold → counts, ms | {1e3 * statistics.median(drags):.0f} | {1e3 * max(drags):.0f} |")
    print(f"| map drawn, s | {statistics.median(maps):.2f} | {max(maps):.2f} |")
    print(f"| hover on the map → picture, ms | {1e3 * statistics.median(hovers):.1f} | {1e3 * max(hovers):.1f} |")
    rates, slowest = zip(*morphs, strict=True)
    print(f"| epochs morph, frames a second | {statistics.median(rates):.0f} | {min(slowest):.0f} |")
    print(f"| server's memory, one visitor, MB | {statistics.median(memory):.0f} | {max(memory):.0f} |")


if __name__ == "__main__":
    main()
