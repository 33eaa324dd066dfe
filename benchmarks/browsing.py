"""A visitor with a browser: looks at every page, clicks, draws and drags, and is timed in the page itself."""

import contextlib
import math
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright
from playwright.async_api import TimeoutError as TooLate

DISTANCE = "[data-testid=stMetricValue]"
TILE = ".st-key-wall .item"
PAGES = {
    "Map": ".st-key-map .stage[data-drawn]",
    "Pairs": ".st-key-pair_grid .pair",
    "Evaluate": ".st-key-reliability circle",
    "Train": ".st-key-diagram",
    "How it works": ".stMain h2",
}
"""What stands on each of the other pages when it is there."""
WAIT_MILLISECONDS = 180_000
LOOK_MILLISECONDS = 500

STOPWATCH = f"""(() => {{
  const answers = (window.answers = []);
  const shown = () => document.querySelector('{DISTANCE}')?.innerText;
  let [clicked, before, sent, came] = [null, null, null, null];
  window.WebSocket = class extends WebSocket {{
    constructor(...given) {{
      super(...given);
      this.addEventListener("message", () => (came = performance.now()));
    }}
    send(...given) {{
      sent ??= performance.now();
      super.send(...given);
    }}
  }};
  const start = (event) => {{
    if (!event.composedPath().some((one) => one.classList?.contains("item"))) return;
    [clicked, before, sent, came] = [event.timeStamp, shown(), null, null];
  }};
  const stop = () => {{
    if (clicked === null || !shown() || shown() === before) return;
    const [since, served] = [clicked, came - sent];
    clicked = null;
    requestAnimationFrame(() => answers.push([performance.now() - since, served]));
  }};
  addEventListener("click", start, true);
  new MutationObserver(stop).observe(document, {{ subtree: true, childList: true, characterData: true }});
}})()"""
"""Times each click on a tile until another distance is on the screen, and in between what went over the socket."""
RUNNING = "[data-testid=stApp][data-test-script-state=running]"
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium where there is one, else Playwright's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@dataclass
class Person:
    """A visitor in a browser.

    Attributes:
        page: what they look at.
        rng: what they choose by.
        faults: what they must never see.
    """

    page: Page
    rng: np.random.Generator
    faults: list[str] = field(default_factory=list)

    @classmethod
    async def come(cls, browser: Browser, url: str, number: int) -> Self:
        """A visitor with cookies of their own, who sees the first distance."""
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_init_script(STOPWATCH)
        context.set_default_timeout(WAIT_MILLISECONDS)
        person = cls(await context.new_page(), np.random.default_rng(number))
        person.page.on("console", person.hear)
        person.page.on("pageerror", lambda error: person.faults.append(f"page error: {error}"))
        person.page.on("websocket", lambda socket: socket.on("close", lambda _: person.faults.append("socket closed")))
        await person.page.goto(url)
        await person.page.locator(TILE).first.wait_for()
        return person

    def hear(self, message: ConsoleMessage) -> None:
        """Note an error in the console."""
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    async def go(self) -> None:
        """Close the page; that its socket closes too is no fault."""
        before = list(self.faults)
        await self.page.context.close()
        self.faults = before

    async def look_everywhere(self) -> None:
        """Open every page, and come back to the first one."""
        for name, there in PAGES.items():
            await self.go_to(name)
            await self.page.locator(there).first.wait_for()
            await self.page.locator(IDLE).wait_for()
        await self.go_home()

    async def go_to(self, name: str) -> None:
        """Follow the link to a page in the navigation."""
        await self.page.get_by_role("link", name=name, exact=True).click()

    async def go_home(self) -> None:
        """Back to Compare and its wall."""
        await self.go_to("Compare")
        await self.page.locator(TILE).first.wait_for()
        await self.page.locator(IDLE).wait_for()

    async def click(self) -> None:
        """Click one of the first tiles of the wall; another distance comes, or for once the same."""
        await self.page.locator(TILE).nth(int(self.rng.integers(0, 48))).click()
        await self.settle()

    async def draw(self) -> None:
        """Draw one stroke on the pad, then go back to the wall."""
        await self.page.get_by_role("radio", name="Draw").click()
        pad = self.page.get_by_role("img", name="Sketch pad for slot")
        await pad.scroll_into_view_if_needed()
        x, y = await middle(pad)
        await self.page.mouse.move(x - 60, y)
        await self.page.mouse.down()
        for step in range(20):
            await self.page.mouse.move(x - 60 + 6 * step, y + 40 * math.sin(step * self.rng.uniform(0.2, 0.6)))
        await self.page.mouse.up()
        await self.settle()
        await self.page.get_by_role("radio", name="Wall").click()
        await self.page.locator(TILE).first.wait_for()

    async def drag(self) -> None:
        """Drag the threshold on Evaluate, then come back."""
        await self.go_to("Evaluate")
        handle = self.page.get_by_role("slider", name="Threshold")
        await self.page.locator(PAGES["Evaluate"]).first.wait_for()
        x, y = await middle(handle)
        await self.page.mouse.move(x, y)
        await self.page.mouse.down()
        for step in range(1, 16):
            await self.page.mouse.move(x + step * self.rng.uniform(-6, 6), y)
        await self.page.mouse.up()
        await self.settle()
        await self.go_home()

    async def settle(self) -> None:
        """Return when the server has answered whatever was done last."""
        with contextlib.suppress(TooLate):  # it may be quicker than the look at it
            await self.page.locator(RUNNING).wait_for(timeout=LOOK_MILLISECONDS)
        await self.page.locator(IDLE).wait_for()

    async def timed(self) -> np.ndarray:
        """Of each click so far, (n, 2) seconds: to another distance on the screen; from question to answer sent."""
        answers = await self.page.evaluate("window.answers")
        return np.array(answers, np.float64).reshape(-1, 2) / 1e3


async def middle(thing: Locator) -> tuple[float, float]:
    """Where its middle is on the screen, in pixels."""
    box = await thing.bounding_box()
    if box is None:
        raise RuntimeError("what is to be dragged is not on the screen")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
