"""Explore in a browser on a real telemetry store: what is seen, where clicks lead, what is safe."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import explore_lab
import pytest
from explore_data import FRIENDLY, HOSTILE, PAYLOADS

from obstack_lab.panels import assets, bundle, observer, overview

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

HERE = Path(__file__).parent
BOARD = {
    "kind": "Dashboard",
    "metadata": {"name": "overview", "project": "lab"},
    "spec": {
        "display": {"name": "Overview"},
        "duration": "15m",
        "variables": [
            {
                "kind": "ListVariable",
                "spec": {
                    "name": "window",
                    "defaultValue": "10s",
                    "plugin": {"kind": "StaticListVariable", "spec": {"values": ["10s", "1m"]}},
                },
            }
        ],
        "panels": {
            "rate": {
                "kind": "Panel",
                "spec": {
                    "display": {"name": "How many requests?"},
                    "plugin": {"kind": "TimeSeriesChart", "spec": {}},
                    "queries": [
                        {
                            "kind": "TimeSeriesQuery",
                            "spec": {
                                "plugin": {
                                    "kind": "PrometheusTimeSeriesQuery",
                                    "spec": {"query": "rate(requests_total[$window])"},
                                }
                            },
                        }
                    ],
                },
            }
        },
        "layouts": [
            {
                "kind": "Grid",
                "spec": {
                    "items": [
                        {
                            "x": 0,
                            "y": 0,
                            "width": 24,
                            "height": 8,
                            "content": {"$ref": "#/spec/panels/rate"},
                        }
                    ]
                },
            }
        ],
    },
}


@pytest.fixture(scope="module")
def friendly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[explore_lab.ExploreLab]:
    with explore_lab.running(tmp_path_factory.mktemp("friendly"), hostile=False) as lab:
        yield lab


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[explore_lab.ExploreLab]:
    with explore_lab.running(tmp_path_factory.mktemp("hostile"), hostile=True) as lab:
        yield lab


def asked(signal: str = "metrics", **more: Any) -> dict[str, Any]:
    return {"kind": "explore", "asked": {"signal": signal, "last": "15m", **more}}


@pytest.fixture
def explore(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return a page with one Explore widget for each of the pages given."""

    def make(
        lab: explore_lab.ExploreLab,
        *pages: dict[str, Any],
        theme: str = "light",
        width: int = 1200,
        packed: bytes | None = None,
    ) -> Any:
        page = open_page(width, 720, reduced_motion="reduce")
        page.expose_function("labAsk", lab.answer)
        page.set_content((HERE / "theme.html").read_text(encoding="utf-8"))
        common = {
            "height": 600,
            "bundle": bundle.digest(),
            "queries": overview.presets().queries,
        }
        content = bundle.packed() if packed is None else packed
        page.evaluate(
            (HERE / "explore_page.js").read_text(encoding="utf-8"),
            {
                "script": assets.script("explore"),
                "style": assets.style(),
                "packed": base64.b64encode(content).decode(),
                "pages": [{**common, **each} for each in pages],
                "theme": theme,
            },
        )
        return page

    return make


def write(page: Any, text: str) -> None:
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def test_from_a_log_line_to_its_trace_to_the_logs_of_a_span_and_back(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs"))
    lines = page.locator(".ob-log-line")
    lines.first.wait_for()
    times = [text.split()[0] for text in lines.all_inner_texts()]
    assert times == sorted(times, reverse=True)
    assert "✘ error" in lines.first.inner_text()
    lines.first.click()
    fields = page.locator(".ob-log-fields")
    assert re.search(r"\d\d:\d\d:\d\d\.\d{9}\b", fields.inner_text())
    fields.get_by_role("link", name="Open its trace").click()

    gantt = page.locator(".ob-gantt")
    gantt.get_by_text("INSERT orders").first.wait_for()
    gantt.get_by_text("INSERT orders").last.click()
    assert "0.25" in gantt.inner_text()
    gantt.get_by_role("link", name="0000000000000002").click()
    lines.first.wait_for()
    assert all("orders" in text for text in lines.all_inner_texts())

    page.get_by_role("button", name="Back", exact=True).click()
    gantt.wait_for()
    page.get_by_role("button", name="Back", exact=True).click()
    page.locator(".cm-content", has_text='{service_name=~".+"}').wait_for()
    lines.first.wait_for()


def test_a_found_trace_opens_as_a_waterfall(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("traces"))
    page.locator("canvas").first.wait_for()
    page.locator(".MuiDataGrid-row a").first.click()
    page.locator(".ob-gantt").get_by_text("POST /orders").first.wait_for()
    assert page.locator(".cm-content").inner_text() == FRIENDLY
    page.get_by_role("button", name="To the search").click()
    page.locator(".MuiDataGrid-row").first.wait_for()


def test_a_mistake_is_told_in_the_languages_words_with_a_caret(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("metrics", query="sum("))
    card = page.locator(".ob-fault-card")
    card.wait_for()
    assert card.locator("pre").inner_text().splitlines()[0] == "sum("
    assert "unexpected end of input" in card.inner_text()
    page.get_by_role("tab", name="Logs").click()
    page.locator(".ob-log-line").first.wait_for()
    write(page, '{service_name="orders"')
    page.get_by_role("button", name="Run").click()
    card.wait_for()
    assert card.locator("pre").inner_text().endswith("^")
    assert "syntax error" in card.inner_text()


def test_dragging_over_a_chart_chooses_its_time_for_logs_and_traces(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("metrics"))
    chart = page.locator(".ob-explore canvas").first
    chart.wait_for()
    back = page.get_by_role("button", name="Back to the last 15 minutes")
    assert back.count() == 0
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    page.mouse.move(box["x"], box["y"] - 20)  # off the chart: its tooltip goes
    back.wait_for()
    chosen = page.locator(".ob-here span").first.inner_text()
    page.get_by_role("button", name="Traces of this time").click()
    page.locator(".MuiDataGrid-row").first.wait_for()
    assert page.locator(".ob-here span").first.inner_text() == chosen
    page.get_by_role("button", name="Back", exact=True).click()
    chart.wait_for()
    assert page.locator(".ob-here span").first.inner_text() == chosen


def test_keyboard_alone_is_enough(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("metrics"))
    page.locator("canvas").first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.locator(".ob-log-line").first.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('cm-content')"):
            break
    page.keyboard.press("Control+A")
    page.keyboard.insert_text('{service_name="orders"}')
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "() => { const lines = [...document.querySelectorAll('.ob-log-line')];"
        " return lines.length && lines.every((line) => line.textContent.includes('orders')); }"
    )
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('ob-log-line')"):
            break
    page.keyboard.press("Enter")
    page.locator(".ob-log-fields").wait_for()


def test_names_and_values_of_the_labs_own_data_are_offered(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs", query="{"))
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Space")
    offered = page.locator(".cm-tooltip-autocomplete")
    offered.get_by_text("service_name").wait_for()
    page.keyboard.press("Escape")
    write(page, '{service_name="')
    page.keyboard.press("Control+Space")
    offered.get_by_text("orders").wait_for()


def test_two_at_once_share_one_bundle_and_keep_apart(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs"), asked("traces"))
    page.locator(".ob-log-line").first.wait_for()
    page.locator(".MuiDataGrid-row").first.wait_for()
    assert page.evaluate("window.bundles") == 1
    page.evaluate("window.closers[0]()")
    page.locator(".ob-log-line").first.wait_for(state="detached")
    assert page.locator(".MuiDataGrid-row").count() > 0
    page.evaluate(
        "(page) => void window.openWidget(page)",
        {
            **asked("logs"),
            "height": 600,
            "bundle": bundle.digest(),
            "queries": {},
        },
    )
    page.locator(".ob-log-line").first.wait_for()
    assert page.evaluate("window.bundles") == 1


def test_the_theme_follows_and_820_pixels_are_enough(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs"), theme="dark", width=820)
    page.locator(".ob-log-line").first.wait_for()
    ground = "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    assert max(page.locator(".ob-frame").evaluate(ground)) < 80
    assert page.evaluate("document.documentElement.scrollWidth") <= 820
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('.ob-frame')).backgroundColor"
        " === 'rgb(255, 255, 255)'"
    )
    page.locator(".ob-log-line").first.wait_for()


def test_nothing_found_is_said(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs", query='{service_name="nobody"}'))
    page.get_by_text("No line matches in this time.").wait_for()


def test_without_the_bundle_there_are_plain_tables_and_one_line(
    explore: Callable[..., Any], friendly: explore_lab.ExploreLab
) -> None:
    page = explore(friendly, asked("logs"), packed=b"")
    page.get_by_text("plain tables in its place").wait_for()
    assert page.get_by_label("Language").input_value() == "logql"


def test_a_dashboard_asks_with_its_variables_and_a_refresh_is_no_question(
    explore: Callable[..., Any],
    friendly: explore_lab.ExploreLab,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observer.board, "boards", lambda: (BOARD,))
    friendly.asked.clear()
    page = explore(friendly, {"kind": "dashboards", "asked": {}})
    page.locator(".ob-board canvas").first.wait_for()
    page.get_by_text("How many requests?").first.wait_for()

    def clients() -> list[str]:
        return [client for client, _, path in friendly.asked if "query_range" in path]

    deadline = time.monotonic() + 60
    while "desk dashboard" not in clients() and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    assert clients()[0] == "dashboard"
    assert set(clients()) == {"dashboard", "desk dashboard"}


@pytest.mark.parametrize("signal", ["metrics", "logs", "traces", "trace"])
def test_no_text_of_the_system_becomes_html(
    explore: Callable[..., Any], hostile: explore_lab.ExploreLab, signal: str
) -> None:
    begin = asked("traces", trace=HOSTILE) if signal == "trace" else asked(signal)
    page = explore(hostile, begin)
    view = page.locator(".ob-explore")
    before = page.title()
    match signal:
        case "metrics":
            page.locator("canvas").first.wait_for()
            box = page.locator("canvas").first.bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        case "logs":
            page.locator(".ob-log-line").first.wait_for()
            for number in range(2 * len(PAYLOADS)):
                page.locator(".ob-log-line").nth(number).click()
        case "traces":
            page.locator(".MuiDataGrid-row").first.wait_for()
            box = page.locator("canvas").first.bounding_box()
            for step in range(1, 20):
                page.mouse.move(box["x"] + box["width"] * step / 20, box["y"] + box["height"] / 2)
        case _:
            page.locator(".ob-gantt").get_by_text("constructor").first.wait_for()
            page.locator(".ob-gantt").get_by_text("constructor").last.click()
    page.wait_for_timeout(500)
    assert page.title() == before
    unsafe = "img, iframe, script, object, embed, [onerror], [onload], a[href^='javascript']"
    assert page.locator(f"body :is({unsafe})").count() == 0
    assert view.get_by_text("<img src=x", exact=False).count() > 0 or signal == "metrics"
