"""A real Chromium, and pages that keep a record of what went wrong on them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# no sandbox: Chromium's own does not run as root; the rest keeps it from calling home
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const words = (one.innerText || one.getAttribute("aria-label") || "").trim().slice(0, 60);
  return `${one.tagName} ${words}${seen ? "" : " (out of sight)"}${drawn ? "" : " (no outline)"}`;
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Watched:
    """A page, and what it complained about or asked the network for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def unfold(self) -> None:
        """Open everything that is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")

    def too_wide(self) -> int:
        """By how many pixels one would have to scroll sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def tab_stops(self, most: int = 500) -> list[str]:
        """What Tab reaches from the top of the page to its end; what is folded is opened with Enter on the way.

        Each is told by its tag and text, and with what is wrong with it: no outline, or out of sight.
        """
        stops = []
        for _step in range(most):
            self.page.keyboard.press("Tab")
            stop: str | None = self.page.evaluate(FOCUSED)
            if stop is None:
                return stops
            stops.append(stop)
            if self.page.evaluate("document.activeElement.matches('details:not([open]) > summary')"):
                self.page.keyboard.press("Enter")
        raise AssertionError(f"the keyboard does not leave the page after {most} steps: {stops[-3:]}")

    def axe(self) -> list[str]:
        """What axe-core finds wrong: rule and element."""
        if not AXE.exists():
            pytest.skip("axe-core is missing: run scripts/setup-browser")
        self.page.add_script_tag(path=AXE)
        found: dict[str, Any] = self.page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        return [
            f"{v['id']}: {n['html'][:200]} {n['failureSummary'][:200]}" for v in found["violations"] for n in v["nodes"]
        ]


Open = Callable[..., Watched]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is missing: sudo apt-get install chromium")
    chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open an address: `open_page(url, width=…, dark=…)`; its errors and requests are kept."""
    contexts = []

    def open_one(url: str, *, width: int = 1100, dark: bool = False, bypass_csp: bool = False) -> Watched:
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=bypass_csp
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        watched = Watched(context.new_page())
        page = watched.page
        page.on("console", lambda m: watched.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: watched.errors.append(str(e)))
        page.on("dialog", lambda d: (watched.errors.append(f"dialog: {d.message}"), d.dismiss()))
        page.on("request", lambda r: watched.requests.append(r.url))
        page.goto(url)
        return watched

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="session", autouse=True)
def terminal() -> Iterator[None]:
    """A terminal in English."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        yield
