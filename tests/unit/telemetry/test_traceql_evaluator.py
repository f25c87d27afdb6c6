"""The evaluator: how spans relate, what conditions let through, and what series add up to."""

from __future__ import annotations

import pytest

from obstack_lab.telemetry.traceql.conditions import request_of
from obstack_lab.telemetry.traceql.pipeline import Spanset, compile_pipeline
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.series import Accumulator, Intervals, key_of, quantile
from obstack_lab.telemetry.traceql.series_math import apply
from obstack_lab.telemetry.traceql.span import Instrumentation, Resource, Span, Trace
from obstack_lab.telemetry.traceql.static import Kind, Status

SECOND = 10**9


def tree():
    """A root A with children B and C; C has D and E. Numbers rise with the letters."""
    trace = Trace("0" * 31 + "1")
    resource = Resource({"service.name": "shop", "zone": "here"}, "shop")
    parents = {"A": "", "B": "a", "C": "a", "D": "c", "E": "c"}
    for number, (letter, parent) in enumerate(parents.items()):
        trace.spans.append(
            Span(
                letter.lower(), parent, letter, Kind.server if letter == "A" else Kind.internal,
                Status.error if letter == "D" else Status.unset, "", number * SECOND,
                (5 - number) * SECOND, {"letter": letter, "n": number, "half": number / 2},
                resource, Instrumentation("lib"), trace,
            )
        )  # fmt: skip
    trace.spans[4].attributes["zone"] = "there"
    trace.spans[4].attributes["list"] = (1, 2, 3)
    trace.arrange()
    return trace


def found(query):
    pipeline = parse(query).pipeline
    request = request_of(pipeline)
    spans = tree().spans
    test = request.fetched()
    if test is not None:
        spans = [span for span in spans if test(span)]
    sets = compile_pipeline(pipeline, request.view())([Spanset(spans)])
    return [sorted(span.name for span in one.spans) for one in sets]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('{ .letter = "A" } > {}', ["B", "C"]),
        ('{ .letter = "A" } >> {}', ["B", "C", "D", "E"]),
        ('{ .letter = "D" } < {}', ["C"]),
        ('{ .letter = "D" } << {}', ["A", "C"]),
        ('{ .letter = "D" } ~ {}', ["E"]),
        ('{ .letter = "A" } !> {}', ["A", "D", "E"]),
        ('{ .letter = "C" } !>> {}', ["A", "B", "C"]),
        ('{ .letter = "A" } &> { .letter = "C" }', ["A", "C"]),
        ('{ .letter = "A" } && { .letter = "E" }', ["A", "E"]),
        ('{ .letter = "A" } && { .letter = "Z" }', []),
        ('{ .letter = "A" } || { .letter = "Z" }', ["A"]),
        ("{ span:childCount = 2 }", ["A", "C"]),
        ("{ nestedSetParent < 0 }", ["A"]),
        ("{ status = error || kind = server }", ["A", "D"]),
        ("{ duration > 3s }", ["A", "B"]),
        ('{ rootName = "A" && traceDuration > 4s }', ["A", "B", "C", "D", "E"]),
    ],
)
def test_spans_are_found_by_their_place_and_their_fields(query, names):
    assert found(query) == ([names] if names else [])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("{ .half > 1 }", []),
        ("{ .half > 1.0 }", ["D", "E"]),
        ("{ .n * 1.0 > 2.5 }", ["D", "E"]),
        ("{ .list != 3 }", ["E"]),
        ("{ .list = nil }", ["A", "B", "C", "D", "E"]),
        ("{ span.list = nil }", ["A", "B", "C", "D"]),
        ("{ 2 < .n }", []),
        ("{ 2 < .n && name != nil }", ["D", "E"]),
        ("{ !(span.n = 2) }", []),
        ("{ !(span.n = 2) && .letter != nil }", ["A", "B", "D", "E"]),
        ('{ .zone = "there" }', ["E"]),
        ('{ .letter =~ "A|B" }', ["A", "B"]),
        ('{ .letter =~ "" }', []),
        ("{ .n % 2 = 1 }", ["B", "D"]),
        ("{ .n / 2 = 1 }", ["C", "D"]),
    ],
)
def test_values_are_seen_through_the_conditions_as_the_real_store_fetches_them(query, names):
    assert found(query) == ([names] if names else [])


def test_groups_and_aggregates_split_and_keep_span_sets():
    assert found("{} | by(kind) | count() > 1") == [["B", "C", "D", "E"]]
    assert found("{} | by(kind) | coalesce()") == [["A", "B", "C", "D", "E"]]
    assert found("{} | avg(.n) = 2.0") == [["A", "B", "C", "D", "E"]]
    assert found("{} | max(.half) < 2") == []


def test_a_trace_without_a_root_relates_to_nothing():
    trace = tree()
    trace.spans = trace.spans[1:]
    trace.root = None
    for span in trace.spans:
        span.left = span.right = span.parent = 0
    trace.arrange()
    run = compile_pipeline(parse("{} > {}").pipeline, request_of(parse("{} > {}").pipeline).view())
    assert run([Spanset(trace.spans)]) == []


def test_a_cycle_of_parents_does_not_hang():
    trace = tree()
    trace.spans[0].parent_id = ""
    trace.spans[1].span_id = trace.spans[1].parent_id = "a"
    trace.arrange()
    assert trace.root is trace.spans[0]


def test_spans_fall_into_the_interval_that_ends_after_them():
    intervals = Intervals(first=100, step=10, count=3)
    assert [intervals.index(moment) for moment in (90, 91, 100, 101, 120, 121)] == [
        -1, 0, 0, 1, 2, -1,
    ]  # fmt: skip


def test_quantiles_interpolate_between_the_sizes_that_were_counted():
    assert quantile(1.0, {8: 4}) == 8.0
    assert quantile(0.5, {8: 4}) == pytest.approx(4 * 2**0.5)
    assert quantile(0.9, {4: 6, 32: 4}) == pytest.approx(4 * 8**0.75)


def accumulated(query, observations):
    node = parse(query).metrics
    accumulator = Accumulator(node.aggregate, Intervals(first=0, step=SECOND, count=2))
    for key, interval, value in observations:
        accumulator.observe(key_of(key), interval, value)
    return {one.identity(): one.points for one in apply(accumulator.series(), node.second)}


def test_series_are_filled_named_and_ranked():
    assert accumulated("{} | rate()", []) == {'{__name__="rate"}': {0: 0.0, 1: 0.0}}
    assert accumulated("{} | rate() by (.a)", []) == {}
    by = "{} | count_over_time() by (.a)"
    groups = [(("x",), 0, None), ((200,), 1, None), ((200.0,), 1, None), ((None,), 1, None)]
    assert accumulated(by, groups).keys() == {
        '{.a="x"}', "{.a=200}", "{.a=200.0}", '{.a="nil"}',
    }  # fmt: skip
    assert accumulated(by + " | topk(1)", groups[:1]) == {'{.a="x"}': {0: 1, 1: 0}}
    assert accumulated(by + " > 0", groups[:1]) == {'{.a="x"}': {0: 1}}


def test_what_is_no_number_leaves_sums_unknown_but_not_extremes():
    values = [((), 0, 2.5), ((), 0, None)]
    assert accumulated("{} | sum_over_time(.a)", values) == {}
    assert accumulated("{} | min_over_time(.a)", values) == {'{__name__="min_over_time"}': {0: 2.5}}
