"""The desk in every state that desk-design asks for: nothing cut off, nothing executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import desk_states
import pytest

Show = Callable[..., Any]

WIDER = """() => [...document.querySelectorAll('.ob-desk *')]
  .filter((e) => e.clientWidth && !e.closest('svg, table, pre, .ob-cut, .ob-field-name'))
  .filter((e) => !['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .filter((e) => getComputedStyle(e).display !== 'inline')
  .map((e) => `${e.tagName}.${e.className}: ${e.scrollWidth} > ${e.clientWidth}`)"""
CONTRAST = """() => {
  const channel = (v) =>
    v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.length < 4 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('.ob-desk *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length) continue;
    if (e.closest('[disabled], option, svg')) continue;
    const lights = [parse(getComputedStyle(e).color), ground(e)].map(light);
    const [a, b] = lights.sort((p, q) => q - p);
    const ratio = (a + 0.05) / (b + 0.05);
    const said = `${e.className} "${e.textContent.slice(0, 20)}" ${ratio.toFixed(2)}`;
    if (ratio < 4.5) poor.push(said);
  }
  return poor;
}"""


@pytest.mark.parametrize("width", [1440, 820])
@pytest.mark.parametrize("state", desk_states.STATES)
def test_nothing_is_cut_off(show: Show, state: str, width: int) -> None:
    page = show(state, width=width)
    assert page.locator(".ob-desk").is_visible()
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["incident", "not-started", "mitigated", "no-data", "gone"])
def test_every_text_has_contrast(show: Show, state: str, theme: str) -> None:
    assert show(state, theme=theme).evaluate(CONTRAST) == []


def test_in_the_notebook_the_desk_is_520_pixels_high(show: Show) -> None:
    page = show("many-alerts", mode="notebook", width=1100)
    assert page.locator(".ob-desk").bounding_box()["height"] == 520


def test_before_the_start_the_page_does_not_scroll(show: Show) -> None:
    page = show("not-started")
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")


def test_markup_is_shown_as_text(show: Show) -> None:
    answer = {
        "ok": True,
        "data": {
            "query": desk_states.MARKUP,
            "note": "",
            "lines": [
                {
                    "at": 1.0,
                    "service": desk_states.MARKUP,
                    "level": "error",
                    "message": desk_states.MARKUP,
                    "trace": "",
                    "fields": [["a", desk_states.MARKUP]],
                }
            ],
        },
    }
    page = show("markup", answers={"logs": answer})
    page.get_by_role("tab", name="Logs").click()
    page.get_by_role("button", name="Show").first.click()
    page.locator(".ob-log .ob-disclose").click()
    assert page.locator(".ob-run").inner_text() == desk_states.MARKUP
    assert page.locator(".ob-desk img, .ob-desk script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_press_is_sent_once_though_pressed_twice(show: Show) -> None:
    page = show("not-started")
    page.get_by_role("button", name="Start incident").dblclick()
    assert page.evaluate("window.sent.filter((m) => m.verb === 'start').length") == 1


def test_what_destroys_asks_once_and_names_the_effect(show: Show) -> None:
    answer = {"ok": True, "data": {"text": "orders: 1.5.0 → 1.4.2 (1.2 s)"}}
    page = show("incident", answers={"act": answer})
    orders = page.get_by_role("group", name="orders")
    orders.get_by_role("button", name="Roll back").click()
    assert "requests in flight may fail" in orders.inner_text()
    assert page.evaluate("window.sent.filter((m) => m.verb === 'act').length") == 0
    orders.get_by_role("button", name="Do it").click()
    orders.get_by_text("1.5.0 → 1.4.2").wait_for()
    sent = page.evaluate("window.sent.find((m) => m.verb === 'act').params")
    assert sent == {"action": "rollback", "params": {"service": "orders"}}


def test_of_several_settings_only_the_changed_one_is_sent(show: Show) -> None:
    page = show("incident", answers={"act": {"ok": False, "error": "too large. Take at most 64."}})
    orders = page.get_by_role("group", name="orders")
    orders.get_by_label("db_pool_size").fill("99")
    orders.get_by_role("button", name="Change settings").click()
    orders.get_by_text("Take at most 64").wait_for()
    sent = page.evaluate("window.sent.find((m) => m.verb === 'act').params.params")
    assert sent == {"service": "orders", "db_pool_size": 99}


def test_what_is_being_typed_survives_a_refresh(show: Show) -> None:
    page = show("incident")
    orders = page.get_by_role("group", name="orders")
    orders.get_by_label("db_pool_size").fill("20")
    page.evaluate(
        """() => {
          const act = structuredClone(window.model.get("act"));
          for (const service of act.services)
            for (const action of service.actions)
              for (const parameter of action.parameters)
                if (parameter.name === "db_pool_timeout") parameter.default = 7;
          window.model.put("act", act);
        }"""
    )
    assert orders.get_by_label("db_pool_size").input_value() == "20"
    assert orders.get_by_label("db_pool_timeout").input_value() == "7"


def test_a_query_error_has_its_caret_under_the_column(show: Show) -> None:
    caret = "sum by (a (b)\n          ^"
    answer = {"ok": False, "error": "expected )", "caret": caret}
    page = show("incident", answers={"query": answer})
    page.get_by_role("tab", name="Query").click()
    page.get_by_role("button", name="Run").first.click()
    assert page.locator(".ob-caret").inner_text() == caret


def test_the_tabs_are_reached_and_changed_by_keyboard(show: Show) -> None:
    page = show("incident")
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Query").get_attribute("aria-selected") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Language"


def test_every_control_has_a_name(show: Show) -> None:
    page = show("incident")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('.ob-desk :is(input, select, textarea, button)')]
          .filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label'))
          .filter((e) => !e.labels?.length)
          .map((e) => e.outerHTML)"""
    )
    assert unnamed == []


def test_dragging_over_a_chart_offers_logs_and_traces_of_that_time(show: Show) -> None:
    page = show("incident", answers={"logs": {"ok": True, "data": {"query": "", "lines": []}}})
    box = page.locator(".ob-red-row .ob-plot").first.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 40)
    page.mouse.up()
    page.get_by_role("button", name="Logs here").click()
    sent = page.evaluate("window.sent.find((m) => m.verb === 'logs').params")
    assert 0 < sent["to"] - sent["from"] < 900
    assert page.get_by_role("tab", name="Logs").get_attribute("aria-selected") == "true"


def test_taking_a_view_away_leaves_no_listener(show: Show) -> None:
    page = show("incident")
    assert page.evaluate("window.model.listeners()") > 0
    page.evaluate("window.dispose()")
    assert page.evaluate("window.model.listeners()") == 0


def test_a_refresh_costs_the_browser_little_and_adds_no_elements(show: Show) -> None:
    page = show("many-alerts")
    page.wait_for_timeout(200)
    spent, before, after = page.evaluate(
        """() => {
          const names = ["header", "users", "tiles", "criteria", "alerts", "feed", "charts", "act"];
          const again = (n) => window.model.put(n, structuredClone(window.model.get(n)));
          const round = () => names.forEach(again);
          round();
          const before = document.querySelectorAll("*").length;
          const begin = performance.now();
          for (let n = 0; n < 10; n += 1) round();
          const spent = (performance.now() - begin) / 10;
          return [spent, before, document.querySelectorAll("*").length];
        }"""
    )
    assert before == after
    assert spent < 2000, f"{spent:.0f} ms a refresh"
