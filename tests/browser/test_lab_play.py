"""JupyterLab on a real lab: start, watch the panel tick, act, see the criterion turn."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import TimeoutError  # noqa: A004  (Playwright's own name)

from obstack_lab.lab import open_lab
from obstack_lab.orchestrator.daemon import launch, shutdown
from obstack_lab.settings import LabHome

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

TOKEN = "for-the-browser-tests"
SLOW = 120_000


def open_notebook(page: Any, jupyter: str) -> None:
    """Open the scenario's notebook and run its first code cell."""
    page.set_default_timeout(30_000)
    page.goto(f"{jupyter}/lab/tree/notebooks/checkout-stalls.ipynb?reset&token={TOKEN}")
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.wait_for(timeout=SLOW)
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    # JupyterLab drops what is run before its session is there: ask until the cell was taken.
    for _ in range(10):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            cell.locator(".jp-InputPrompt", has_text=re.compile(r"[*\d]")).wait_for(timeout=5_000)
            break
        except TimeoutError:
            continue
    page.locator(".ob-desk").first.wait_for(timeout=SLOW)


def restart_kernel(page: Any) -> None:
    """Press 0 twice outside of a cell's text, and confirm."""
    page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    page.keyboard.press("0")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="hidden")


def run_first_cell_until(page: Any, shown: Any) -> None:
    """Run the first code cell until what it has to show is there."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    for _ in range(10):
        page.get_by_text("| Idle").wait_for(timeout=SLOW)
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            shown.wait_for(timeout=20_000)
            break
        except TimeoutError:
            continue
    shown.wait_for(timeout=1_000)


def run_in_last_cell(page: Any, code: str) -> None:
    cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").last
    cell.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")


@pytest.fixture
def fresh(lab_home: LabHome) -> Any:
    """Leave no run behind, so that each test opens its own."""
    yield lab_home
    with open_lab(home=lab_home.path, show=False) as lab:
        if lab.scenario:
            lab.finish()


@pytest.mark.usefixtures("kernels", "fresh")
def test_start_tick_act_and_the_criterion_turns(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    open_notebook(page, jupyter)
    desk = page.locator(".ob-desk").first
    assert desk.bounding_box()["height"] == 520

    desk.get_by_role("button", name="Start incident").click()
    desk.locator(".ob-phase", has_text="Incident").wait_for()
    before = desk.locator(".ob-clock").inner_text()
    page.wait_for_function(
        "(before) => document.querySelector('.ob-clock').textContent !== before", arg=before
    )
    desk.locator(".ob-criterion .ob-sign", has_text="fail").first.wait_for(timeout=SLOW)

    desk.get_by_role("tab", name="Act").click()
    orders = desk.get_by_role("group", name="orders")
    orders.get_by_role("button", name="Roll back").click()
    orders.get_by_role("button", name="Do it").click()
    orders.get_by_text("1.5.0 → 1.4.2").wait_for(timeout=SLOW)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ob-criterion .ob-sign')]"
        ".every((e) => e.textContent.includes('pass'))",
        timeout=SLOW,
    )


@pytest.mark.usefixtures("kernels", "fresh")
def test_the_panel_goes_on_while_a_cell_is_busy(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    open_notebook(page, jupyter)
    desk = page.locator(".ob-desk").first
    desk.get_by_role("button", name="Start incident").click()
    desk.locator(".ob-phase", has_text="Incident").wait_for()
    run_in_last_cell(page, "import time; time.sleep(90)")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").wait_for()
    before = desk.locator(".ob-clock").inner_text()
    page.wait_for_function(
        "(before) => document.querySelector('.ob-clock').textContent !== before",
        arg=before,
    )
    assert page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").count() == 1


@pytest.mark.usefixtures("kernels", "fresh")
def test_a_restarted_kernel_loses_nothing(
    jupyter: str, lab_home: LabHome, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    open_notebook(page, jupyter)
    desk = page.locator(".ob-desk").first
    desk.get_by_role("button", name="Start incident").click()
    desk.locator(".ob-phase", has_text="Incident").wait_for()
    with open_lab(home=lab_home.path, show=False) as lab:
        lab.note("before the restart")
        before, requests = lab.client.run(), lab.client.impact().requests
        page.evaluate("document.querySelector('.ob-desk').dataset.old = 'yes'")
        restart_kernel(page)
        deadline = time.monotonic() + 60
        while lab.client.impact().requests == requests:
            assert time.monotonic() < deadline, "the run does not go on"
            time.sleep(0.2)

    fresh = page.locator(".ob-desk:not([data-old])").first
    run_first_cell_until(page, fresh)
    fresh.locator(".ob-phase", has_text="Incident").wait_for()
    fresh.get_by_text("before the restart").first.wait_for(state="attached")
    with open_lab(home=lab_home.path, show=False) as lab:
        after = lab.client.run()
    assert (after.id, after.started_at) == (before.id, before.started_at)


@pytest.mark.usefixtures("kernels", "fresh")
def test_two_displays_and_a_reload_show_the_same_run(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    open_notebook(page, jupyter)
    run_in_last_cell(page, 'lab = open_lab("checkout-stalls")')
    page.wait_for_function("() => document.querySelectorAll('.ob-desk').length === 2")
    page.locator(".ob-desk").first.get_by_role("button", name="Start incident").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ob-phase')]"
        ".every((e) => e.textContent.includes('Incident'))",
    )
    second = open_page()
    open_notebook(second, jupyter)
    second.locator(".ob-phase", has_text="Incident").first.wait_for(timeout=SLOW)


@pytest.mark.usefixtures("kernels", "fresh")
def test_a_lab_that_went_away_is_said_and_found_again(
    jupyter: str, lab_home: LabHome, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    open_notebook(page, jupyter)
    shutdown(lab_home)
    page.locator(".ob-offline", has_text="Reconnecting").first.wait_for(timeout=SLOW)
    launch(lab_home, engine="embedded")
    page.locator(".ob-offline").first.wait_for(state="hidden", timeout=SLOW)
