"""The span store: what goes in comes out, by id, by search, by metrics, by SQL and by Python."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from starlette.applications import Starlette
from starlette.testclient import TestClient

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.housekeeper import Housekeeper, Retention
from obstack_lab.telemetry.tempo import metrics_query
from obstack_lab.telemetry.tempo.deadline import Deadline, QueryTimeout
from obstack_lab.telemetry.tempo.otlp import BadPayload, decode
from obstack_lab.telemetry.tempo.routes import routes
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.series import Intervals

BASE = 1_700_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"


def attribute(key, value):
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    if isinstance(value, list):
        return {
            "key": key,
            "value": {"arrayValue": {"values": [attribute("", v)["value"] for v in value]}},
        }
    return {"key": key, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}


def span(
    number, *, trace=TRACE, parent=0, name="op", start=0.0, length=1.0, status=0, **attributes
):
    begin = int((BASE + start) * 1e9)
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name,
        "kind": 2,
        "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(begin + int(length * 1e9)),
        "attributes": [attribute(key, value) for key, value in attributes.items()],
        "status": {"code": status} if status else {},
    }


def payload(*spans, service="shop"):
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [attribute("service.name", service)]},
                "scopeSpans": [{"scope": {"name": "lib"}, "spans": list(spans)}],
            }
        ]
    }


@pytest.fixture
def client():
    database = Database()
    with TestClient(Starlette(routes=routes(database))) as test_client:
        yield test_client
    database.close()


def push(client, *spans, service="shop"):
    response = client.post("/v1/traces", json=payload(*spans, service=service))
    assert response.status_code == 200, response.text


def search(client, query, **more):
    response = client.get("/api/search", params={"q": query, **more})
    assert response.status_code == 200, response.text
    return response.json()["traces"]


def test_a_pushed_span_is_found_at_once_by_id_and_by_search(client):
    push(client, span(1, name="root"), span(2, parent=1, code=503, ok=False, share=0.5))
    batches = client.get(f"/api/traces/{TRACE}").json()["batches"]
    assert len(batches[0]["scopeSpans"][0]["spans"]) == 2
    assert batches[0]["scopeSpans"][0]["spans"][0]["traceId"] == "CvdlGRbNQ92ESOshHIAxnA=="
    (trace,) = search(client, "{ span.code = 503 && .ok = false && .share > 0.25 }")
    assert trace["traceID"] == TRACE[1:]
    assert trace["rootTraceName"] == "root"
    assert trace["spanSets"][0]["matched"] == 1
    assert search(client, "{ .code = 500 }") == []


def test_an_absent_trace_is_told_as_tempo_tells_it(client):
    absent = client.get(f"/api/traces/{TRACE}")
    assert (absent.status_code, absent.text) == (404, "")
    assert client.get(f"/api/v2/traces/{TRACE}").json() == {"trace": {}, "metrics": {}}


def test_protobuf_and_json_give_the_same_records():
    message = TracesData()
    batch = message.resource_spans.add()
    batch.resource.attributes.add(key="service.name").value.string_value = "shop"
    group = batch.scope_spans.add()
    group.scope.name = "lib"
    one = group.spans.add(
        trace_id=bytes.fromhex(TRACE), span_id=(7).to_bytes(8, "big"), name="op", kind=2,
        start_time_unix_nano=BASE * 10**9, end_time_unix_nano=(BASE + 1) * 10**9,
    )  # fmt: skip
    one.attributes.add(key="n").value.int_value = 3
    one.attributes.add(key="list").value.array_value.values.add().int_value = 9
    from_protobuf = decode(
        message.SerializeToString(), content_type="application/x-protobuf", encoding=""
    )
    body = json.dumps(payload(span(7, n=3, list=[9]))).encode()
    from_json = decode(gzip.compress(body), content_type="application/json", encoding="gzip")
    assert from_protobuf == from_json


@pytest.mark.parametrize(
    ("body", "media", "encoding", "status"),
    [
        (b"\xff\xff", "application/x-protobuf", "", 400),
        (b"[]", "application/json", "", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}', "application/json", "", 400),
        (b'{"resourceSpans": 3}', "application/json", "", 400),
        (b"{}", "text/plain", "", 415),
        (b"{}", "application/json", "br", 415),
        (b"no gzip", "application/json", "gzip", 400),
    ],
)
def test_a_broken_push_is_refused(client, body, media, encoding, status):
    with pytest.raises(BadPayload):
        decode(body, content_type=media, encoding=encoding)
    headers = {"content-type": media, "content-encoding": encoding}
    assert client.post("/v1/traces", content=body, headers=headers).status_code == status


def test_a_span_that_arrives_twice_counts_once_in_its_trace(client):
    push(client, span(1))
    push(client, span(1))
    assert search(client, "{}")[0]["spanSets"][0]["matched"] == 1


def test_a_span_that_was_sent_again_counts_once_everywhere(client):
    root, child = span(1), span(2, parent=1, n=3, status=2)
    push(client, root, child, child)
    push(client, child)
    for query, expected in {
        "{} | count_over_time()": 2,
        "{ .n = 3 } | count_over_time()": 1,
        "{ status = error } | sum_over_time(.n)": 3,
        "{ } > { } | count_over_time()": 1,
        "{ span:childCount = 1 } | count_over_time()": 1,
    }.items():
        assert newest_total(client, query) == expected, query
    (trace,) = search(client, "{} | count() = 2")
    assert trace["serviceStats"]["shop"] == {"spanCount": 2, "errorCount": 1}


def test_fields_of_the_tree_are_found_by_their_values(client):
    orphans = TRACE.replace("c", "e")
    push(client, span(1), *(span(number, parent=1) for number in range(2, 9)), span(9, parent=2))
    push(client, span(21, trace=TRACE.replace("c", "d"), parent=0))
    push(client, span(31, trace=orphans, parent=30), span(32, trace=orphans, parent=31))
    counts = {">= 7": [7], "> 6": [7], "= 7": [7], "> 7": [], "> 6.5": [7], "= 1": [1, 1]}
    for condition, expected in counts.items():
        found = [
            attribute["value"]["intValue"]
            for trace in search(client, f"{{ span:childCount {condition} }}")
            for one in trace["spanSets"][0]["spans"]
            for attribute in one["attributes"]
        ]
        assert found == [str(number) for number in expected], condition
    assert numbers(client, "span:childCount") == {0, 1, 7}
    assert numbers(client, "nestedSetLeft") == {0, 1, 2, 3, *range(6, 17, 2)}
    assert numbers(client, "nestedSetParent") == {-1, 0, 1, 2}


def numbers(client, tag):
    """Return the values of a tag, which a filter that lets all spans pass must not change."""
    path = f"/api/v2/search/tag/{tag}/values"
    plain, filtered = (
        {int(one.get("value", 0)) for one in client.get(path, params=given).json()["tagValues"]}
        for given in ({}, {"q": "{ duration >= 0s }"})
    )
    assert plain == filtered
    return plain


def newest_total(client, query):
    (series,) = metrics(client, query, step="60s")
    return sum(sample.get("value", 0) for sample in series["samples"])


def metrics(client, query, **more):
    given = {"q": query, "start": BASE - 60, "end": BASE + 60, **more}
    response = client.get("/api/metrics/query_range", params=given)
    assert response.status_code == 200, response.text
    return response.json()["series"]


@pytest.mark.parametrize("where", ["{ }", "{ } >> { }"])
def test_series_carry_exemplars_that_lead_to_a_trace_of_their_group(client, where):
    other = TRACE.replace("c", "d")
    push(client, span(1), span(2, parent=1, start=1, length=0.5, who="a"))
    push(client, span(3, trace=other), span(4, trace=other, parent=3, start=2, length=4, who="b"))
    by_who = {
        series["labels"][0]["value"]["stringValue"]: series["exemplars"]
        for series in metrics(client, f"{where} | rate() by (span.who)", step="60s")
    }
    label = {"key": "trace:id", "value": {"stringValue": other}}
    group = {"key": "span.who", "value": {"stringValue": "b"}}
    moment = str((BASE + 2) * 1000)
    assert by_who["b"] == [{"labels": [label, group], "value": 1 / 60, "timestampMs": moment}]
    ((slow,),) = [
        series["exemplars"]
        for series in metrics(
            client, f"{where[:-1]}.who != nil }} | quantile_over_time(duration, .99)", step="60s"
        )
    ]
    assert (slow["value"], slow["labels"]) == (4.0, [label])
    sizes = metrics(client, f"{where} | histogram_over_time(duration) by (span.who)", step="60s")
    assert {one["exemplars"][0]["value"] for one in sizes} >= {0.5, 4.0}


def test_exemplars_are_limited_and_can_be_declined(client):
    push(client, *(span(number + 1, start=number / 4) for number in range(200)))
    (many,) = metrics(client, "{} | rate()", step="1s", exemplars="0")
    assert 40 <= len(many["exemplars"]) <= 100
    (few,) = metrics(client, "{} | rate()", step="1s", exemplars="5")
    assert len(few["exemplars"]) == 5
    moments = [int(one["timestampMs"]) for one in few["exemplars"]]
    assert moments == sorted(moments)
    (none,) = metrics(client, "{} | rate() with (exemplars=false)", step="1s")
    assert "exemplars" not in none


def test_spans_of_one_trace_may_arrive_apart_and_from_several_services(client):
    push(client, span(2, parent=1, name="child"), service="stock")
    assert search(client, '{ rootName = "root" }') == []
    push(client, span(1, name="root"))
    (trace,) = search(client, '{ name = "root" } > { resource.service.name = "stock" }')
    assert trace["serviceStats"] == {"shop": {"spanCount": 1}, "stock": {"spanCount": 1}}


def test_what_a_trace_or_a_span_may_have_is_found_of_either(client):
    push(client, span(1, name="shop"), span(2, parent=1, length=0.1))
    push(client, span(3, trace="a" * 32, name="stock", length=20.0))
    push(client, span(4, trace="b" * 32, name="stock", length=0.1))
    found = search(client, '{ rootName =~ "sh.*" || duration > 10s }')
    assert {trace["traceID"]: trace["spanSets"][0]["matched"] for trace in found} == {
        TRACE[1:]: 2,
        "a" * 32: 1,
    }


def test_a_group_without_any_value_is_shown_as_nil(client):
    push(client, span(1), span(2, parent=1, who="ada", what="tea"))
    nobody, ada = metrics(client, "{} | count_over_time() by (span.who, span.what)", step="60s")
    assert [label["key"] for label in nobody["labels"]] == ["span.who"]
    assert nobody["labels"][0]["value"] == {"stringValue": "nil"}
    assert [label["value"]["stringValue"] for label in ada["labels"]] == ["ada", "tea"]


def test_a_store_that_starts_again_knows_its_spans_keys_and_resources(tmp_path):
    file = tmp_path / "spans.duckdb"
    first = Database(file)
    store = SpanStore(first)
    store.add(
        decode(
            json.dumps(payload(span(1, code=1))).encode(),
            content_type="application/json",
            encoding="",
        )
    )
    first.close()
    second = Database(file)
    with TestClient(Starlette(routes=routes(second))) as client:
        assert len(search(client, '{ .code = 1 && resource.service.name = "shop" }')) == 1
    second.close()


def test_a_batch_that_cannot_be_written_is_counted_and_the_next_one_is_kept(monkeypatch):
    database = Database()
    store = SpanStore(database)
    one = json.dumps(payload(span(1, fresh="x"), service="new")).encode()
    records = decode(one, content_type="application/json", encoding="")
    with monkeypatch.context() as patch:
        patch.setattr(records[0], "started", "no number")
        store.add(records)
        store.flush()
    assert store.figures()["telemetry_spans_lost_total"] == 1
    store.add(records)
    store.flush()
    assert store.figures()["telemetry_spans_stored"] == 1
    assert store.columns.keys() == ["fresh"]
    database.close()


def test_no_reading_that_was_left_keeps_the_log_from_being_folded_in(tmp_path, monkeypatch):
    monkeypatch.setattr("obstack_lab.telemetry.housekeeper.LOG_MEGABYTES", 0)
    database = Database(tmp_path / "spans.duckdb")
    store = SpanStore(database)
    keeper = Housekeeper(database, Retention(None, None))

    def take(number, **attributes):
        one = json.dumps(payload(span(number, **attributes))).encode()
        store.add(decode(one, content_type="application/json", encoding=""))
        store.flush()
        assert database.log_bytes() > 0
        keeper.sweep()
        return database.log_bytes()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(take, 1, first_key="adds a column").result() == 0
        with database.limited(5):
            assert database.cursor().execute("SELECT name FROM spans").fetchone() == ("op",)
        assert other.submit(take, 2, second_key="adds one more").result() == 0
    database.close()


def test_old_spans_go_by_age_and_by_share():
    database = Database()
    store = SpanStore(database)
    for number in range(1, 11):
        one = json.dumps(payload(span(number, start=number * 10.0))).encode()
        store.add(decode(one, content_type="application/json", encoding=""))
    store.flush()
    assert store.expire(int((BASE + 31.5) * 1e9)) == 3
    assert store.evict(0.5) > 0
    assert store.figures()["telemetry_spans_stored"] < 7
    database.close()


def test_services_are_values_as_long_as_they_have_spans(tmp_path):
    def services(client):
        given = client.get("/api/v2/search/tag/resource.service.name/values").json()
        return {each["value"] for each in given["tagValues"]}

    database = Database(tmp_path / "spans.duckdb")
    with TestClient(Starlette(routes=routes(database))) as client:
        push(client, span(1), service="old")
        push(client, span(2, trace="f" * 32, start=100.0), service="young")
    database.close()
    database = Database(tmp_path / "spans.duckdb")
    with TestClient(Starlette(routes=routes(database))) as client:
        assert services(client) == {"old", "young"}
        (store,) = database.tenants
        store.expire(int((BASE + 50) * 1e9))
        assert services(client) == {"young"}
    database.close()


def test_tags_and_values_follow_the_query(client):
    push(client, span(1, letter="A"), service="shop")
    push(client, span(2, trace="f" * 32, digit=1), service="stock")
    scopes = client.get("/api/v2/search/tags").json()["scopes"]
    assert {"name": "span", "tags": ["digit", "letter"]} in scopes
    filtered = {"q": '{ resource.service.name = "stock" }', "scope": "span"}
    assert client.get("/api/v2/search/tags", params=filtered).json()["scopes"] == [
        {"name": "span", "tags": ["digit"]}
    ]
    values = client.get("/api/v2/search/tag/span.letter/values").json()["tagValues"]
    assert values == [{"type": "string", "value": "A"}]
    broken = {"q": '{ resource.service.name = "stock" && .x = }'}
    names = client.get("/api/v2/search/tag/span.letter/values", params=broken).json()["tagValues"]
    assert names == []


def test_metrics_count_spans_by_interval(client):
    push(client, *(span(n, trace=f"{n:032x}", start=float(n)) for n in range(1, 7)))
    given = {"q": "{} | count_over_time()", "start": BASE, "end": BASE + 6, "step": "2s"}
    (series,) = client.get("/api/metrics/query_range", params=given).json()["series"]
    assert [sample["value"] for sample in series["samples"]] == [0, 2, 2, 2]
    (instant,) = client.get("/api/metrics/query", params=given).json()["series"]
    assert instant["value"] == 6


@pytest.mark.parametrize(
    ("path", "given", "text"),
    [
        ("/api/search", {"q": "{ .a = }"}, "invalid TraceQL query: parse error at line 1, col 8: "),
        ("/api/search", {"q": "{}", "limit": "0"}, "invalid limit: must be a positive number"),
        ("/api/search", {"q": "{}", "spss": "101"}, "spans per span set exceeds 100. received 101"),
        ("/api/search", {"tags": "a==b"}, "invalid tags: unexpected '=' at pos 3"),
        ("/api/traces/12g4", {}, "trace IDs can only contain hex characters: invalid character"),
        ("/api/metrics/query_range", {"q": "{}"}, "not a metrics query"),
        ("/api/metrics/query", {"q": "{ .a = } | rate()"}, "compiling query: parse error at"),
        ("/api/v2/search/tag/service.name/values", {}, "please provide a valid tagName: failed to"),
        ("/api/v2/search/tags", {"scope": "foo"}, "invalid scope: foo"),
    ],
)
def test_what_cannot_be_answered_is_a_400_in_tempos_words(client, path, given, text):
    response = client.get(path, params=given)
    assert response.status_code == 400
    assert response.text.startswith(text)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_query_past_its_deadline_is_given_up():
    now = [0.0]
    deadline = Deadline(5.0, clock=lambda: now[0])
    deadline.check()
    now[0] = 6.0
    with pytest.raises(QueryTimeout, match="longer than 5 s"):
        deadline.check()


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.one_of(
    st.integers(-3, 3), st.sampled_from([0.0, 1.0, 1.5]), st.booleans(), st.sampled_from(["x", "y"])
)
SPANS = st.lists(
    st.tuples(
        st.integers(0, 5), st.dictionaries(KEYS, VALUES, max_size=3), st.sampled_from(["s", "t"]),
        st.integers(0, 9), st.integers(0, 2), st.integers(1, 40),
    ),
    min_size=1, max_size=25,
)  # fmt: skip
FILTERS = st.sampled_from(
    [
        "{}", "{ .a = 1 }", "{ span.a != 1 }", "{ .a > 0 }", "{ .b > 0.5 }", '{ .c = "x" }',
        '{ span.c =~ "x|y" }', "{ .a = true }", "{ .a != nil }", "{ status = error }",
        "{ duration > 10ms }", '{ resource.service.name = "s" && .a >= 0 }',
        '{ name = "op" && (.a = 1 || .b = 1) }', "{ span.a = nil }", "{ .a > 0 && .a > 0.5 }",
        '{ resource.service.name != "s" || status = ok }',
    ]
)  # fmt: skip
FUNCTIONS = st.sampled_from(
    [
        "rate()", "count_over_time() by (.a)", "count_over_time() by (resource.service.name, kind)",
        "quantile_over_time(duration, .5, .9)", "histogram_over_time(span.a) by (name)",
        "sum_over_time(span.a)", "avg_over_time(duration) by (span.c)", "max_over_time(.b)",
        "min_over_time(duration) by (status)",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    spans=[(0, {"a": 2, "b": 1}, "s", 1, 0, 5)],
    filter_text='{ name = "op" && (.a = 1 || .b = 1) }',
    function="count_over_time() by (.a, kind)",
)
@given(spans=SPANS, filter_text=FILTERS, function=FUNCTIONS)
def test_the_fast_path_of_metrics_equals_the_evaluator(spans, filter_text, function):
    database = Database()
    try:
        store = SpanStore(database)
        for number, (trace, attributes, service, start, status, length) in enumerate(spans, 1):
            one = span(
                number, trace=f"{trace + 1:032x}", start=float(start), length=length / 1000,
                status=status, **attributes,
            )  # fmt: skip
            body = json.dumps(payload(one, service=service)).encode()
            store.add(decode(body, content_type="application/json", encoding=""))
        node = parse(f"{filter_text} | {function}").metrics
        intervals = Intervals(first=BASE * 10**9, step=3 * 10**9, count=4)
        quick = metrics_query.query_series(store, node, intervals, Deadline(30))
        slow = metrics_query.query_series(store, node, intervals, Deadline(30), fast=False)
        assert {one.identity(): rounded(one.points) for one in quick} == {
            one.identity(): rounded(one.points) for one in slow
        }
    finally:
        database.close()


def rounded(points):
    return {at: round(value, 9) for at, value in points.items()}
