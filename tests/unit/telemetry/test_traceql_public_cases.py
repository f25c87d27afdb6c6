"""The public conformance cases of TraceQL, read from beside the checkout."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from obstack_lab.telemetry.traceql.errors import (
    ParseFailure,
    TraceQLError,
    TypeFailure,
    Unsupported,
)
from obstack_lab.telemetry.traceql.operators import COMPARISONS, compare
from obstack_lab.telemetry.traceql.pipeline import Spanset, compile_pipeline
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.span import Instrumentation, Resource, Span, Trace
from obstack_lab.telemetry.traceql.static import Duration, Kind, Status
from obstack_lab.telemetry.traceql.syntax import Attribute
from obstack_lab.telemetry.traceql.validator import validate
from obstack_lab.telemetry.traceql.view import View

CASES = Path(__file__).parents[4] / "shared" / "data" / "telemetry-cases.jsonl.gz"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.exists(), reason="the public cases are not beside the checkout"),
]
LOST_EXPECTATION = {"{ trace:name }", "{ trace:rootServiceName }", "{ span:rootServiceName }"}
"""Their expected error was lost when the cases were collected: recorded answers refuse them."""
OPERATORS = {
    "OpGreater": ">", "OpEqual": "=", "OpNotEqual": "!=", "OpLess": "<", "OpGreaterEqual": ">=",
    "OpLessEqual": "<=", "OpRegex": "=~", "OpNotRegex": "!~", "OpIn": "in", "OpNotIn": "not in",
    "OpRegexMatchAny": "match any", "OpRegexMatchNone": "match none",
}  # fmt: skip


def cases(kind):
    if not CASES.exists():
        return []
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        pytest.param(row, id=row["id"])
        for row in rows
        if row.get("lang") == "traceql"
        and row["kind"] == kind
        and row["query"] not in LOST_EXPECTATION
    ]


@pytest.mark.parametrize("case", cases("parse"))
def test_it_parses_what_parses_and_refuses_the_rest_in_the_same_words(case):
    if case["expect"] == "error":
        with pytest.raises(ParseFailure) as caught:
            parse(case["query"])
        assert str(caught.value) == case.get("error", str(caught.value))
        return
    spelled = str(parse(case["query"]))
    assert spelled == case.get("formatted", spelled)


@pytest.mark.parametrize("case", cases("validate"))
def test_it_refuses_types_that_do_not_fit(case):
    expected = {"invalid": TypeFailure, "unsupported": Unsupported}
    query = parse(case["query"])
    with pytest.raises(expected[case["expect"]]):
        validate(query)


@pytest.mark.parametrize("case", cases("spanset"))
def test_it_finds_the_same_spans(case):
    query = parse(case["query"])
    run = compile_pipeline(query.pipeline, View())
    out = []
    for given in case["input"]:
        spans = [span_of(one) for one in given["Spans"]]
        try:
            out.extend(run([Spanset(spans)]))
        except TraceQLError:
            pytest.fail("a valid query must not fail")
    wanted = case["output"] or []
    assert len(out) == len(wanted)
    for found, expected in zip(out, wanted, strict=True):
        assert sorted(map(look, found.spans)) == sorted(
            look(span_of(one)) for one in expected["Spans"]
        )
        if "Scalar" in expected:
            assert found.scalar == value_of(expected["Scalar"])
        for attribute in expected.get("Attributes", []):
            assert found.attributes[attribute["Name"]] == value_of(attribute["Val"])


@pytest.mark.parametrize("case", cases("binop"))
def test_it_compares_values_alike(case):
    given = case["case"]
    operator = given["op"]
    left, right = given.get("lhs"), given.get("rhs")
    if "Op" in operator:
        left, right, operator = operator["LHS"], operator["RHS"], operator["Op"]
    symbol = OPERATORS[operator["$id"]]
    if "err" in given:
        with pytest.raises(TraceQLError, match=given["err"]["args"][0]):
            compare(symbol, value_of(left), value_of(right))
        return
    result = compare(symbol, value_of(left), value_of(right))
    if "expected" in given:
        assert result == (given["expected"]["$id"] == "StaticTrue")
    if given.get("symmetric") and symbol in COMPARISONS:
        assert compare(symbol, value_of(right), value_of(left)) == result


def value_of(call):
    name = call["$call"].removeprefix("NewStatic")
    argument = call["args"][0] if call.get("args") else None
    if name == "Duration":
        return Duration(argument)
    if name.endswith("Array"):
        return tuple(float(item) if name == "FloatArray" else item for item in argument)
    if name == "Float":
        return float(argument)
    if name == "Nil":
        return None
    return argument


def span_of(description):
    """Return the span of a literal or of a chain of calls."""
    if "$call" not in description:
        span = blank(description.get("id", [0]))
        for key, value in description.get("attributes", []):
            if key["$call"] == "NewIntrinsic":
                assert key["args"][0]["$id"] == "IntrinsicDuration"
                span.duration = int(value_of(value))
            else:
                span.attributes[str(Attribute(key["args"][0]).name)] = value_of(value)
        return span
    call = description["$call"]
    if call == "newMockSpan":
        return blank(description["args"][0])
    span = span_of(description["recv"])
    if call == ".WithNestedSetInfo":
        span.parent, span.left, span.right = description["args"]
    else:
        assert call.startswith(".WithAttr"), call
        span.attributes[description["args"][0]] = description["args"][1]
    return span


def blank(identity):
    return Span(
        str(identity), "", "", Kind.unspecified, Status.unset, "", 0, 0, {}, Resource({}),
        Instrumentation(), Trace(""),
    )  # fmt: skip


def look(span):
    return repr((span.span_id, sorted(span.attributes.items()), span.left, span.duration))
