"""The three clients answer with tidy frames, and say what is wrong in one line with its place."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pandas as pd
import pytest

from obstack_lab.errors import (
    EngineError,
    LabDown,
    LabError,
    QueryError,
    Timeout,
    UnknownName,
    UsageError,
)
from obstack_lab.query import Logql, Promql, Traceql
from obstack_lab.query.traceql import is_metric

URL = "http://127.0.0.1:1/v1/telemetry/x"
HEADERS = {"Authorization": "Bearer secret"}
TIME = "datetime64[ns, UTC]"
Client = Promql | Logql | Traceql


class Backend:
    """Answers every request alike and keeps what it was asked."""

    def __init__(self, answer: object = None, *, status: int = 200, text: str = "") -> None:
        self.asked: list[httpx.Request] = []
        self.answer, self.status, self.text = answer, status, text

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.text:
            return httpx.Response(self.status, text=self.text)
        return httpx.Response(self.status, json=self.answer)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def prometheus(kind: str, result: object) -> Backend:
    return Backend({"status": "success", "data": {"resultType": kind, "result": result}})


MATRIX = [
    {"metric": {"route": "/a", "code": "200"}, "values": [[1.5, "1"], [2.5, "NaN"]]},
    {"metric": {"route": "/b", "value": "x"}, "values": [[1.5, "+Inf"]]},
]


def test_a_range_is_one_row_a_sample_and_one_column_a_label() -> None:
    backend = prometheus("matrix", MATRIX)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = Promql(URL, HEADERS, backend.transport).range("up", 1.5, 2.5, "1s")
    assert list(frame) == ["time", "value", "code", "route", "label_value"]
    assert frame.time.dtype == TIME
    assert frame.value.dtype == "float64"
    assert frame.time.iloc[0] == pd.Timestamp("1970-01-01T00:00:01.5Z")
    assert list(frame.route) == ["/a", "/a", "/b"]
    assert list(frame.code) == ["200", "200", ""]
    assert frame.value.isna().tolist() == [False, True, False]
    assert frame.value.iloc[2] == float("inf")


def test_a_range_is_asked_for_exactly_with_the_token() -> None:
    backend = prometheus("matrix", [])
    end = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    Promql(URL, HEADERS, backend.transport).range('up{a="b"} + 1', end.timestamp() - 60, end, 2.5)
    (request,) = backend.asked
    assert request.headers["authorization"] == "Bearer secret"
    assert request.url.path == "/v1/telemetry/x/api/v1/query_range"
    assert dict(request.url.params) == {
        "query": 'up{a="b"} + 1',
        "start": f"{end.timestamp() - 60:.3f}",
        "end": f"{end.timestamp():.3f}",
        "step": "2.5",
    }


@pytest.mark.parametrize(
    ("result", "values"),
    [
        ([{"metric": {}, "value": [3, "7"]}], [7.0]),
        ([3, "8"], [8.0]),
        ([{"metric": {}, "values": [[3, "1"], [4, "2"]]}], [1.0, 2.0]),
        ([{"metric": {}, "histogram": [3, {}]}], []),
    ],
)
def test_an_instant_query_gives_whatever_kind_there_is(result: object, values: list[float]) -> None:
    frame = Promql(URL, HEADERS, prometheus("any", result).transport).instant("x", 3)
    assert list(frame.value) == values


def empty(client: Client) -> pd.DataFrame:
    return client.search("{}", 0, 1) if isinstance(client, Traceql) else client.range("x", 0, 1)


@pytest.mark.parametrize(
    ("kind", "answer", "columns"),
    [
        (Promql, {"data": {"resultType": "matrix", "result": []}}, ["time", "value"]),
        (Logql, {"data": {"resultType": "streams", "result": []}}, ["time", "line"]),
        (Logql, {"data": {"resultType": "matrix", "result": []}}, ["time", "value"]),
        (
            Traceql,
            {"traces": []},
            ["time", "duration", "service", "name", "matched", "spans", "errors", "trace_id"],
        ),
    ],
)
def test_nothing_found_is_an_empty_frame_with_its_columns(
    kind: Callable[..., Client], answer: object, columns: list[str]
) -> None:
    frame = empty(kind(URL, HEADERS, Backend(answer).transport))
    assert frame.empty
    assert list(frame) == columns
    assert frame.time.dtype == TIME


def test_log_lines_keep_their_nanoseconds_and_come_oldest_first() -> None:
    streams = [
        {
            "stream": {"service_name": "orders", "line": "3"},
            "values": [["1700000000000000003", "c"]],
        },
        {
            "stream": {"service_name": "gateway"},
            "values": [["1700000000000000002", "b"], ["1700000000000000001", "a", {"x": {}}]],
        },
    ]
    backend = prometheus("streams", streams)
    frame = Logql(URL, HEADERS, backend.transport).range("{}", 1.5, 2, limit=5)
    assert list(frame) == ["time", "line", "label_line", "service_name"]
    assert list(frame.line) == ["a", "b", "c"]
    assert [stamp.value % 1000 for stamp in frame.time] == [1, 2, 3]
    params = backend.asked[0].url.params
    assert (params["start"], params["end"], params["limit"]) == ("1500000000", "2000000000", "5")
    assert "step" not in params


def test_a_log_metric_is_a_frame_like_any_other() -> None:
    backend = prometheus("vector", [{"metric": {"level": "error"}, "value": [9.25, "4"]}])
    frame = Logql(URL, HEADERS, backend.transport).instant("count_over_time({}[1m])", 9.25)
    assert frame.to_dict("records") == [
        {"time": pd.Timestamp("1970-01-01T00:00:09.25Z"), "value": 4.0, "level": "error"}
    ]
    assert backend.asked[0].url.params["time"] == "9250000000"


TRACES = {
    "traces": [
        {"traceID": "abc", "startTimeUnixNano": "1000000001", "durationMs": 7},
        {
            "traceID": "f" * 32,
            "rootServiceName": "gateway",
            "rootTraceName": "POST /orders",
            "startTimeUnixNano": "2000000000",
            "durationMs": 1234,
            "spanSets": [{"matched": 3}, {"matched": 1}],
            "serviceStats": {"orders": {"spanCount": 5, "errorCount": 2}, "x": {"spanCount": 1}},
        },
    ]
}


def test_a_search_is_one_row_a_trace_newest_first() -> None:
    backend = Backend(TRACES)
    frame = Traceql(URL, HEADERS, backend.transport).query("{ status = error }", 1.9, 5.1)
    assert frame.drop(columns="time").to_dict("list") == {
        "duration": [1.234, 0.007],
        "service": ["gateway", ""],
        "name": ["POST /orders", ""],
        "matched": [4, 0],
        "spans": [6, 0],
        "errors": [2, 0],
        "trace_id": ["f" * 32, "abc".rjust(32, "0")],
    }
    params = backend.asked[0].url.params
    assert (params["start"], params["end"]) == ("1", "6")


def test_a_trace_metric_is_a_frame_like_any_other() -> None:
    series = [
        {
            "labels": [{"key": "service", "value": {"stringValue": "orders"}}],
            "samples": [{"timestampMs": "1500", "value": 2.5}, {"timestampMs": "2500"}],
        }
    ]
    backend = Backend({"series": series})
    frame = Traceql(URL, HEADERS, backend.transport).query("{ } | rate()", 0, 9, 15)
    assert backend.asked[0].url.path.endswith("/api/metrics/query_range")
    assert backend.asked[0].url.params["step"] == "15s"
    assert list(frame.value) == [2.5, 0.0]
    assert list(frame.service) == ["orders", "orders"]


@pytest.mark.parametrize(
    ("query", "metric"),
    [
        ("{ } | rate()", True),
        ("{ } |count_over_time() by (name)", True),
        ("{ duration > 1s } | quantile_over_time(duration, .9)", True),
        ('{ name = "| rate()" }', False),
        ("{ name = `| rate()` } | count() > 2", False),
        ("{ .rate = 1 } | avg(duration) > 1s", False),
    ],
)
def test_a_metric_query_is_told_from_a_search(query: str, *, metric: bool) -> None:
    assert is_metric(query) is metric


def fails(backend: Backend, kind: Callable[..., Client] = Promql, query: str = "up{") -> Exception:
    client = kind(URL, HEADERS, backend.transport)
    with pytest.raises(LabError) as caught:
        client.search(query, 0, 1) if isinstance(client, Traceql) else client.range(query, 0, 1)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "query", "backend", "message", "caret"),
    [
        (
            Promql,
            "sum(up{é})\n  by x",
            Backend(
                {"status": "error", "error": 'invalid parameter "query": 1:10: parse error: oh'},
                status=400,
            ),
            "parse error: oh",
            "sum(up{é})\n        ^",
        ),
        (
            Promql,
            "a + b",
            Backend({"status": "error", "error": "many-to-many matching"}, status=422),
            "many-to-many matching",
            "",
        ),
        (
            Logql,
            '{a="b"}\n| jsn',
            Backend(status=400, text="parse error at line 2, col 3: syntax error: unexpected X"),
            "parse error: syntax error: unexpected X",
            "| jsn\n  ^",
        ),
        (
            Logql,
            "{}",
            Backend(status=400, text="parse error : queries require at least one matcher"),
            "parse error: queries require at least one matcher",
            "",
        ),
        (
            Traceql,
            "{ x = }",
            Backend(
                status=400,
                text="invalid TraceQL query: parse error at line 1, col 7: "
                "syntax error: unexpected }",
            ),
            "parse error: syntax error: unexpected }",
            "{ x = }\n      ^",
        ),
        (
            Traceql,
            "{ span. }",
            Backend(status=400, text="parse error at line 0, col 3: syntax error: unexpected }"),
            "parse error: syntax error: unexpected }",
            "",
        ),
        (
            Logql,
            "{",
            Backend({"detail": "parse error at line 1, col 2: syntax error"}, status=400),
            "parse error: syntax error",
            "{\n ^",
        ),
    ],
)
def test_a_bad_query_is_shown_where_it_is_bad(
    kind: Callable[..., Client], query: str, backend: Backend, message: str, caret: str
) -> None:
    error = fails(backend, kind, query)
    assert isinstance(error, QueryError)
    assert str(error) == message
    assert error.query == query
    assert error.language == kind.__name__.lower()
    assert error.caret() == caret


@pytest.mark.parametrize("kind", [Promql, Logql, Traceql])
@pytest.mark.parametrize(
    ("status", "text", "expected", "said"),
    [
        (401, '{"detail": "no token"}', UsageError, "Attach again"),
        (404, "", UsageError, "Nothing there"),
        (502, "gone\nfishing", EngineError, "answered 502: gone fishing"),
        (504, "slow", Timeout, "shorter time range"),
        (200, "<html>", EngineError, "not JSON: <html>"),
    ],
)
def test_every_other_failure_is_one_line_with_the_next_step(
    kind: Callable[..., Client], status: int, text: str, expected: type[Exception], said: str
) -> None:
    error = fails(Backend(status=status, text=text or " "), kind)
    assert isinstance(error, expected)
    assert re.search(said, str(error))
    assert "\n" not in str(error)


@pytest.mark.parametrize("kind", [Promql, Logql, Traceql])
def test_a_lab_that_is_down_or_slow_is_said_so(kind: Callable[..., Client]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def hang(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(LabDown, match=r"\./lab status"):
        empty(kind(URL, HEADERS, httpx.MockTransport(refuse)))
    with pytest.raises(Timeout, match="within 3 s"):
        empty(kind(URL, HEADERS, httpx.MockTransport(hang), timeout=3))


@pytest.mark.parametrize("name", ["", "xyz", "../search", "a" * 33])
def test_what_is_no_trace_id_is_not_asked_for(name: str) -> None:
    backend = Backend({})
    with pytest.raises(QueryError, match="not a trace id"):
        Traceql(URL, HEADERS, backend.transport).trace(name)
    assert not backend.asked


def test_a_trace_that_is_not_there_is_unknown() -> None:
    with pytest.raises(UnknownName, match="no trace 'abc'"):
        Traceql(URL, HEADERS, Backend(status=404, text=" ").transport).trace("abc")


def test_importing_the_clients_loads_nothing_heavy() -> None:
    code = "import sys, obstack_lab.query; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"ipywidgets", "plotly", "pandas", "httpx", "requests"}
