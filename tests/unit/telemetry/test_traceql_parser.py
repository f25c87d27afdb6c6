"""The parser: precedence, positions in errors, and that nothing makes it hang."""

from __future__ import annotations

import pytest

from obstack_lab.telemetry.traceql.errors import ParseFailure, TypeFailure, Unsupported
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.static import format_duration, parse_duration
from obstack_lab.telemetry.traceql.validator import validate


@pytest.mark.parametrize(
    ("query", "spelled"),
    [
        ("{}", "{ true }"),
        ("{ .a || .b && .c }", "{ (.a || .b) && .c }"),
        ("{ .a + .b * 2 ^ .c > 1 }", "{ (.a + (.b * (2 ^ .c))) > 1 }"),
        ("{ !.a = .b }", "{ (!.a) = .b }"),
        ("{ .a = 1 + 1 }", "{ .a = 2 }"),
        ('{ resource."a b".c = "x" }', '{ resource."a b.c" = `x` }'),
        ("{ span:duration > 1h30m }", "{ duration > 1h30m0s }"),
        ("{ .a } >> { .b } && { .c }", "(({ .a }) >> ({ .b })) && ({ .c })"),
        ("{ .a } | by(name) | count() > 2", "{ .a }|by(name)|(count()) > 2"),
        ("{} | rate() by (span.a) | topk(3) > 1.5", "{ true } | rate()by(span.a) | topk(3) > 1.5"),
        ("{ .a } // a comment", "{ .a }"),
    ],
)
def test_a_query_is_read_with_the_precedence_of_the_language(query, spelled):
    assert str(parse(query)) == spelled


@pytest.mark.parametrize(
    ("query", "message", "column"),
    [
        ("{ .a = }", "parse error at line 1, col 8: syntax error: unexpected }", 8),
        ("{ a = 1 }", "parse error at line 1, col 3: unknown identifier: a", 3),
        ('{ .a = "x }', "parse error at line 1, col 8: literal not terminated", 8),
        ("{\n.a = }", "parse error at line 2, col 6: syntax error: unexpected }", 6),
        ("{ .a } >> 1", None, 11),
        ("{ .a } }", "parse error at line 1, col 8: syntax error: unexpected }, expecting with", 8),
        ("", "parse error : syntax error: unexpected $end", 0),
    ],
)
def test_a_mistake_is_told_with_its_place(query, message, column):
    with pytest.raises(ParseFailure) as caught:
        parse(query)
    if message is not None:
        assert str(caught.value) == message
    assert caught.value.column == column


def test_the_caret_stands_under_the_mistake():
    with pytest.raises(ParseFailure) as caught:
        parse("{ .a = }")
    assert caught.value.caret() == "{ .a = }\n       ^"


@pytest.mark.parametrize(
    "query",
    [
        "{ " + "(" * 5000 + ".a" + ")" * 5000 + " }",
        "{ " + "!" * 5000 + ".a }",
        "{ " + " || ".join(".a = 1" for _ in range(5000)) + " }",
        " && ".join("{ .a }" for _ in range(5000)),
        "(" * 5000,
        "{ .a = " + "2 ^ " * 5000 + "2 }",
        "x" * 500_000,
    ],
)
def test_deep_and_huge_queries_are_refused_at_once(query):
    with pytest.raises(ParseFailure):
        parse(query)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ 1 }", TypeFailure),
        ("{ name = 1 }", TypeFailure),
        ("{ kind < server }", TypeFailure),
        ('{ .a =~ "(" }', TypeFailure),
        ("{ status = nil }", TypeFailure),
        ("{} | by(1)", TypeFailure),
        ("{} | rate() | topk(0)", TypeFailure),
        ("{ parent.a = 1 }", Unsupported),
        ("4 < count()", Unsupported),
    ],
)
def test_types_that_do_not_fit_are_a_class_of_their_own(query, kind):
    with pytest.raises(kind) as caught:
        validate(parse(query))
    assert not isinstance(caught.value, ParseFailure)


@pytest.mark.parametrize(
    ("text", "nanoseconds", "spelled"),
    [
        ("1h30m", 5_400_000_000_000, "1h30m0s"),
        ("1.5s", 1_500_000_000, "1.5s"),
        ("300us", 300_000, "300µs"),
        ("0s", 0, "0s"),
        ("1d", 86_400_000_000_000, "24h0m0s"),
        ("95s", 95_000_000_000, "1m35s"),
    ],
)
def test_durations_are_read_and_written_as_go_does(text, nanoseconds, spelled):
    assert parse_duration(text) == nanoseconds
    assert format_duration(nanoseconds) == spelled


@pytest.mark.parametrize("text", ["", "s", "1x", "1s2", "1e-3s"])
def test_what_is_no_duration_is_none(text):
    assert parse_duration(text) is None
