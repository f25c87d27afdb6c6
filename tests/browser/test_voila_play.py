"""The no-code page on a real lab: from the briefing to the review, and nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

TOKEN = "for-the-browser-tests"
PAGE = "voila/render/notebooks/dashboards/incident.ipynb"
SLOW = 120_000


@pytest.mark.usefixtures("kernels")
def test_an_incident_is_played_from_the_briefing_to_the_review(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    page.set_default_timeout(30_000)
    page.goto(f"{jupyter}/{PAGE}?scenario=checkout-stalls&token={TOKEN}")

    page.locator(".ob-desk").wait_for(timeout=SLOW)
    briefing = page.get_by_role("tabpanel", name="Briefing")
    assert "on call for a web shop" in briefing.inner_text()

    page.get_by_role("button", name="Start incident").click()
    page.locator(".ob-phase", has_text="Incident").wait_for()
    page.locator(".ob-criterion .ob-sign", has_text="fail").first.wait_for(timeout=SLOW)

    page.get_by_role("button", name="Declare…").click()
    page.get_by_role("button", name=re.compile("^sev2")).click()
    page.get_by_role("button", name="Acknowledge").first.click(timeout=SLOW)

    page.locator(".ob-alert").get_by_role("button", name="Logs").first.click()
    explore = page.get_by_role("tabpanel", name="Explore")
    explore.locator(".ob-log-line").first.wait_for(timeout=SLOW)
    explore.get_by_role("tab", name="Traces").click()
    explore.locator(".MuiDataGrid-row a").first.click(timeout=SLOW)
    explore.locator(".ob-gantt").wait_for(timeout=SLOW)
    explore.get_by_role("tab", name="Metrics").click()
    explore.locator("canvas").first.wait_for(timeout=SLOW)

    page.get_by_label("Note: a hypothesis").fill("orders waits for connections")
    page.get_by_role("button", name="Note").click()
    page.locator(".ob-feed", has_text="orders waits for connections").wait_for()

    orders = page.get_by_role("group", name="orders")
    orders.get_by_role("button", name="Roll back").click()
    orders.get_by_role("button", name="Do it").click()
    orders.get_by_text("1.5.0 → 1.4.2").wait_for(timeout=SLOW)
    page.locator(".ob-phase", has_text="Resolved").wait_for(timeout=SLOW)

    page.get_by_role("tab", name="Write-up").click()
    page.get_by_label("A new release").check()
    page.get_by_label("What happened, in your words").fill("The new release keeps connections.")
    page.get_by_role("button", name="Save write-up").click()
    page.get_by_text("Saved. You can").wait_for()

    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="End the run").click()
    review = page.get_by_role("tabpanel", name="Review")
    review.get_by_text("Timeline").wait_for(timeout=SLOW)
    text = review.inner_text()
    assert "Resolved: the cause is gone" in text
    assert "The new release keeps connections." in text


@pytest.mark.usefixtures("kernels")
def test_the_page_is_dark_where_the_browser_asks_for_it(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(color_scheme="dark")
    page.goto(f"{jupyter}/{PAGE}?scenario=checkout-stalls&token={TOKEN}")
    page.locator(".ob-desk").wait_for(timeout=SLOW)
    ground = "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    assert max(page.locator(".ob-desk").evaluate(ground)) < 80
    assert max(page.locator("body").evaluate(ground)) < 80
    page.emulate_media(color_scheme="light")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
    assert min(page.locator(".ob-desk").evaluate(ground)) > 200


@pytest.mark.usefixtures("kernels")
def test_an_unknown_scenario_is_a_card_with_those_there_are(
    jupyter: str, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    page.goto(f"{jupyter}/{PAGE}?scenario=%3Cimg%20src=x%3E&token={TOKEN}")
    card = page.locator(".ob-error")
    card.wait_for(timeout=SLOW)
    assert "There is no scenario '<img src=x>'" in card.inner_text()
    assert "checkout-stalls" in card.inner_text()


def test_without_the_token_the_page_is_closed(jupyter: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{jupyter}/{PAGE}?scenario=checkout-stalls")
    assert "/login" in page.url
