"""Questions of the desk become queries, and frames and traces become plain answers."""

from __future__ import annotations

import json

import pandas as pd

from obstack_lab.lab.words import NARROW
from obstack_lab.panels import answer, waterfall
from obstack_lab.panels.command import log_query, trace_query
from obstack_lab.query import Span, Trace

TIMES = pd.to_datetime([1000, 1005], unit="s", utc=True)


def test_choices_become_logql_with_words_quoted() -> None:
    query = log_query({"service": "orders", "level": "error", "word": 'a "b" \\ c'})
    assert query.startswith('{service_name="orders"} |= "a \\"b\\" \\\\ c"')
    assert query.endswith('| json | level=~"error|critical"')
    assert log_query({}) == '{service_name=~".+"}'


def test_choices_become_traceql() -> None:
    assert trace_query({}) == "{ }"
    both = trace_query({"service": "orders", "slower": "1s", "status": "error"})
    assert both == '{ resource.service.name = "orders" && duration > 1s && status = error }'


def test_a_metric_frame_becomes_lines_largest_first() -> None:
    frame = pd.DataFrame(
        {
            "time": [*TIMES, *TIMES],
            "value": [1.0, 2.0, 9.0, float("nan")],
            "route": ["a", "a", "b", "b"],
        }
    )
    block = answer.series(frame)
    assert [line["name"] for line in block["lines"]] == ["b", "a"]
    assert block["lines"][0]["values"] == [9.0, None]
    json.dumps(block, allow_nan=False)


def test_an_empty_frame_says_so() -> None:
    empty = pd.DataFrame({"time": pd.Series(dtype="datetime64[ns, UTC]"), "value": []})
    assert answer.series(empty)["kind"] == "empty"
    assert answer.frame(empty)["kind"] == "empty"


def test_a_table_is_cut_and_says_it() -> None:
    block = answer.table(["n"], ((n,) for n in range(500)), total=500)
    assert len(block["rows"]) == answer.MOST_ROWS
    assert "of 500" in block["note"]


def test_log_lines_are_taken_apart_newest_first() -> None:
    lines = [
        '{"level":"warn","message":"late","trace_id":"t","n":1,"http_route":"/a","duration_ms":41}',
        "not json",
    ]
    frame = pd.DataFrame({"time": TIMES, "line": lines, "service_name": ["orders", "gateway"]})
    block = answer.lines(frame, "q")
    assert [line["message"] for line in block["lines"]] == ["not json", f"late /a 41.0{NARROW}ms"]
    late = block["lines"][1]
    assert (late["level"], late["trace"], late["service"]) == ("warning", "t", "orders")
    assert ["n", "1"] in late["fields"]


def span(name: str, parent: str, start: float, length: float, service: str = "orders") -> Span:
    begin = round((1000 + start) * 1e9)
    return Span(name, parent, service, name.rstrip("0123456789"), "server", begin, length)


def test_repeated_siblings_become_one_row_and_the_critical_path_is_marked() -> None:
    spans = [
        span("root", "", 0, 1.0, "gateway"),
        span("work", "root", 0.1, 0.8),
        span("aside", "root", 0.1, 0.1),
        *(span(f"select{n}", "work", 0.2 + n * 0.1, 0.05) for n in range(5)),
    ]
    block = waterfall.view(Trace.of("t", spans))
    rows = {row["name"]: row for row in block["spans"]}
    assert rows["select"]["count"] == 5
    assert rows["work"]["critical"]
    assert not rows["aside"]["critical"]
    assert rows["root"]["width"] == 1
    assert block["services"] == ["gateway", "orders"]
    json.dumps(block, allow_nan=False)
