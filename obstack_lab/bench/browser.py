"""Headless Chromium for benchmarks, where it and Playwright are installed."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obstack_lab.errors import Timeout

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 120.0
_PRESSES = 5
_TAKEN_WITHIN = 2.0
_IDLE = ".jp-Notebook-ExecutionIndicator[data-status='idle']"


def lacking() -> str:
    """Say what is missing for a browser, `''` where everything is there."""
    if importlib.util.find_spec("playwright") is None:
        return "no Playwright here. Install the extra `dev`."
    return "" if program() else "no Chromium on PATH."


def program() -> str | None:
    """Return the browser's path, None where there is none."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


class Page:
    """A page of the browser; every wait ends after two minutes with a Timeout."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._cell = 0
        page.set_default_timeout(_PATIENCE * 1000)

    def open(self, address: str) -> None:
        """Go to an address."""
        self._page.goto(address, wait_until="commit")

    def await_seen(self, selector: str) -> None:
        """Wait until something of this selector is visible."""
        from playwright.sync_api import TimeoutError as Late

        try:
            self._page.locator(selector).first.wait_for()
        except Late as error:
            raise Timeout(f"The page did not show {selector} in {_PATIENCE:.0f} s.") from error

    def await_idle_kernel(self) -> None:
        """Wait until the notebook's kernel has nothing to do."""
        self.await_seen(_IDLE)

    def await_done(self) -> None:
        """Wait until the cell that was run last has ended, in a kernel that has run only these."""
        self.await_seen(f".jp-InputPrompt:text-is('[{self._cell}]:')")

    def run_cell(self) -> None:
        """Run the next cell of the notebook; press again where the page was not ready for it."""
        cell = self._page.locator(".jp-Notebook .jp-CodeCell").nth(self._cell)
        taken = cell.locator(".jp-InputPrompt:not(:text-is('[ ]:'))")
        self._cell += 1
        for _ in range(_PRESSES):
            cell.locator(".cm-content").click()
            self._page.keyboard.press("Shift+Enter")
            if self._appears(taken):
                return
        raise Timeout("The notebook did not run a cell.")

    @staticmethod
    def _appears(place: Any) -> bool:
        from playwright.sync_api import TimeoutError as Late

        try:
            place.wait_for(timeout=_TAKEN_WITHIN * 1000)
        except Late:
            return False
        return True

    def heap(self) -> float:
        """Return the bytes that the page's scripts hold, after a collection."""
        line = self._page.context.new_cdp_session(self._page)
        line.send("HeapProfiler.collectGarbage")
        return float(line.send("Runtime.getHeapUsage")["usedSize"])


class Browser:
    """Opens pages, each with storage of its own."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a page; close it afterwards."""
        page = self._chromium.new_page(viewport={"width": 1440, "height": 900})
        try:
            yield Page(page)
        finally:
            page.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser and end it; call `lacking` before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=program(), args=list(FLAGS))
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
