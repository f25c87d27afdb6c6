"""A trace is a tree, whatever order its spans come in, and draws itself as a waterfall."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from obstack_lab.query import Span, Trace, Traceql
from obstack_lab.query.waterfall import MOST_ROWS, duration, rows

MS = 1_000_000


def span(name: str, parent: str, start: int, end: int, **more: Any) -> Span:
    """A span from `start` to `end` milliseconds, called by its id."""
    service = more.pop("service", "orders")
    return Span(
        span_id=name,
        parent_id=parent,
        service=service,
        name=more.pop("operation", name),
        kind="server",
        start=start * MS,
        duration=(end - start) / 1000,
        **more,
    )


def checkout() -> Trace:
    queries = [
        span(f"q{n}", "orders", 10 + n * 10, 18 + n * 10, operation="SELECT products")
        for n in range(4)
    ]
    spans = [
        span("commit", "orders", 80, 95, status="error", message="gone"),
        *queries,
        span("orders", "root", 5, 98),
        span("root", "", 0, 100, service="gateway", operation="POST /orders"),
    ]
    return Trace.of("ab", spans)


def test_spans_become_a_tree_by_their_start() -> None:
    trace = checkout()
    (root,) = trace.roots
    assert [each.span_id for each in trace.walk()] == [
        "root", "orders", "q0", "q1", "q2", "q3", "commit",
    ]  # fmt: skip
    assert root.children[0].span_id == "orders"
    assert trace.services == ("gateway", "orders")
    assert trace.duration == pytest.approx(0.1)
    assert repr(trace) == "<Trace ab gateway POST /orders · 100 ms · 7 spans, 2 services, 1 error>"


def test_self_time_counts_overlapping_children_once() -> None:
    trace = Trace.of(
        "a",
        [
            span("p", "", 0, 100),
            span("x", "p", 10, 50),
            span("y", "p", 40, 70),
            span("z", "p", 90, 300),
        ],
    )
    assert trace.roots[0].self_time == pytest.approx(0.030)


def test_a_span_whose_parent_is_not_there_is_a_root() -> None:
    trace = Trace.of("a", [span("b", "lost", 5, 6), span("a", "", 0, 9)])
    assert [root.span_id for root in trace.roots] == ["a", "b"]


def test_spans_in_a_circle_are_all_kept() -> None:
    spans = [span("a", "b", 0, 1), span("b", "a", 1, 2), span("c", "c", 2, 3), span("d", "b", 3, 4)]
    trace = Trace.of("a", spans)
    assert sorted(each.span_id for each in trace.walk()) == ["a", "b", "c", "d"]


def test_a_trace_without_spans_is_shown_all_the_same() -> None:
    trace = Trace.of("a", [])
    assert trace.waterfall() == "no spans · 0 µs · 0 spans, 0 services, 0 errors"
    assert trace.frame().empty
    assert "no spans" in trace._repr_html_()


def test_repeated_siblings_are_one_row() -> None:
    labels = [(row.depth, row.label) for row in rows(checkout())]
    assert labels == [(0, "POST /orders"), (1, "orders"), (2, "4 × SELECT products"), (2, "commit")]


def test_the_critical_path_is_what_the_end_waited_for() -> None:
    trace = Trace.of(
        "a", [span("p", "", 0, 100), span("fast", "p", 10, 30), span("slow", "p", 10, 90)]
    )
    assert {row.span.span_id for row in rows(trace) if row.critical} == {"p", "slow"}


def test_the_text_waterfall_has_its_width_and_marks_errors() -> None:
    lines = checkout().waterfall(80).splitlines()
    assert all(len(line) <= 80 for line in lines[1:])
    assert lines[1].startswith("gateway POST /orders ")
    assert lines[1].rstrip().endswith("100 ms")
    assert lines[-1].endswith("15 ms ✘")
    assert lines[3].startswith("    orders 4 × SELECT products")
    assert lines[1].count("█") > lines[2].count("█") > lines[-1].count("█")


def test_what_spans_say_is_shown_as_text() -> None:
    evil = '<script>alert("1")</script>'
    spans = [
        span("a", "", 0, 5, service=evil, operation=evil, message=evil, attributes={evil: evil})
    ]
    trace = Trace.of("<b>", spans)
    for shown in (trace._repr_html_(), trace.figure().to_json()):
        assert "<script>" not in shown
    assert "<b>" not in trace._repr_html_()
    assert "&lt;script&gt;" in trace._repr_html_()


def test_html_says_errors_and_times_in_words() -> None:
    html = checkout()._repr_html_()
    assert html.count("<tr title=") == 4
    assert "✘ error" in html
    assert "4 × SELECT products" in html
    assert "self time" in html


def test_a_huge_and_deep_trace_is_cut_and_says_so() -> None:
    spans = [span(f"s{n}", f"s{n - 1}", n, 5000) for n in range(3000)]
    trace = Trace.of("a", spans)
    assert len(list(trace.walk())) == 3000
    assert f"… and {3000 - MOST_ROWS} more rows" in trace._repr_html_()
    assert trace.waterfall().splitlines()[-1] == f"… and {3000 - MOST_ROWS} more rows"


def test_the_figure_has_a_bar_for_each_row() -> None:
    figure = checkout().figure()
    assert [bar.name for bar in figure.data] == ["gateway", "orders"]
    assert sum(len(bar.y) for bar in figure.data) == 4


def test_the_frame_has_a_row_for_each_span_with_its_attributes() -> None:
    spans = [
        span("a", "", 0, 100, attributes={"http.route": "/x", "name": "clash"}),
        span("b", "a", 10, 20),
    ]
    frame = Trace.of("t", spans).frame()
    assert list(frame.span_id) == ["a", "b"]
    assert frame["http.route"].iloc[0] == "/x"
    assert frame["http.route"].isna().tolist() == [False, True]
    assert frame["attribute_name"].iloc[0] == "clash"
    assert frame.self_time.iloc[0] == pytest.approx(0.09)
    assert frame.time.dtype == "datetime64[ns, UTC]"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 µs"),
        (0.0000451, "45.1 µs"),
        (0.23, "230 ms"),
        (0.0123, "12.3 ms"),
        (1.2351, "1.24 s"),
        (2, "2 s"),
        (100, "1 m 40 s"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def b64(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()


def otlp(*, encode: bool, batches: str) -> dict[str, Any]:
    ids = b64 if encode else str
    return {
        batches: [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]
                },
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": ids("ab" * 16),
                                "spanId": ids("12" * 8),
                                "parentSpanId": ids("34" * 8),
                                "name": "INSERT orders",
                                "kind": "SPAN_KIND_CLIENT" if encode else 3,
                                "startTimeUnixNano": "1700000000000000001",
                                "endTimeUnixNano": "1700000000000500001",
                                "status": {"code": "STATUS_CODE_ERROR" if encode else 2},
                                "attributes": [
                                    {"key": "n", "value": {"intValue": "7"}},
                                    {"key": "ok", "value": {"boolValue": True}},
                                    {
                                        "key": "list",
                                        "value": {"arrayValue": {"values": [{"intValue": 1}]}},
                                    },
                                    {"key": "none", "value": {}},
                                ],
                                "events": [{"timeUnixNano": "1700000000000000002", "name": "e"}],
                            }
                        ]
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    "answer",
    [
        otlp(encode=True, batches="batches"),
        otlp(encode=False, batches="resourceSpans"),
        {"trace": otlp(encode=True, batches="resourceSpans")},
    ],
)
def test_both_spellings_of_a_stored_trace_are_understood(answer: dict[str, Any]) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    trace = Traceql("http://127.0.0.1:1", {}, transport).trace("AB" * 16)
    (only,) = trace.walk()
    assert trace.trace_id == "ab" * 16
    assert (only.span_id, only.parent_id, only.service) == ("12" * 8, "34" * 8, "orders")
    assert (only.kind, only.status, only.failed) == ("client", "error", True)
    assert only.attributes == {"n": 7, "ok": True, "list": "1", "none": ""}
    assert only.start == 1700000000000000001
    assert only.duration == 0.0005
    assert only.events[0].name == "e"
