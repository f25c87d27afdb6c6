"""LogQL's parser: trees, places of mistakes, and the words that may stand there instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.errors import LogqlError, ParseError
from obstack_lab.telemetry.logql.validate import parse

EXPECTED = {
    "": "parse error : syntax error: unexpected $end",
    '{app="x"': "parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,",
    "{app=x}": "parse error at line 1, col 6: syntax error: unexpected IDENTIFIER, expecting STRING",  # noqa: E501 - the text under test is as long
    '{app="x",}': "parse error at line 1, col 10: syntax error: unexpected }, expecting IDENTIFIER",
    '{app="x"}\n| json |': "parse error at line 2, col 9: syntax error: unexpected $end",
    '{app="x"} !~ "("': "parse error : stage '!~ \"(\"' : error parsing regexp: missing closing ): `(`",  # noqa: E501 - the text under test is as long
    'rate({app="x"}[5x])': 'parse error at line 0, col 15: unknown unit "x" in duration "5x"',
    'sum(rate({app="x"}[1m])) by (a,)': (
        "parse error at line 1, col 32: syntax error: unexpected ), expecting IDENTIFIER"
    ),
    'avg_over_time({app="x"}[1m])': "parse error : invalid aggregation avg_over_time without unwrap",  # noqa: E501 - the text under test is as long
    'topk(rate({app="x"}[1m]))': "parse error : parameter required for operation topk",
}


@pytest.mark.parametrize("query", EXPECTED, ids=repr)
def test_a_mistake_is_told_in_lokis_words(query: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(query)
    assert str(caught.value) == EXPECTED[query]


def test_an_error_shows_a_caret_under_the_word() -> None:
    with pytest.raises(ParseError) as caught:
        parse('{app="x"} | jsn')
    assert caught.value.line == 1
    assert caught.value.caret() == '{app="x"} | jsn\n               ^'


def test_arithmetic_binds_as_in_promql() -> None:
    tree = parse('2 ^ 3 ^ 2 + sum(rate({a="b"}[1m])) * 2')
    assert str(tree) == '(512 + (sum(rate({a="b"}[1m])) * 2))'


def test_a_comma_takes_everything_after_it_and_and_binds_closer_than_or() -> None:
    def shape(query: str) -> str:
        tree = parse(query)
        assert isinstance(tree, ast.Selector)
        return str(tree.stages[0])

    assert shape('{a="b"} | x=1 and y=2 or z=3') == "| ( ( x==1 , y==2 ) or z==3 )"
    assert shape('{a="b"} | x=1, y=2 or z=3') == "| ( x==1 , ( y==2 or z==3 ) )"


def test_the_canonical_text_parses_to_the_same_tree() -> None:
    for query in (
        'sum by (a) (rate({a="b"} |= "x" or "y" | json | d > 1s [1m] offset 5m)) / 2',
        '{a="b"} | logfmt --strict x, y="z" | drop q, r="s" | label_format a=b,c="{{.d}}"',
        'quantile_over_time(0.9, {a="b"} | json | unwrap duration(x) | __error__="" [5m]) by (a)',
        'label_replace(rate({a="b"}[1m]), "a", "$1", "b", "(.*)") > bool on (a) vector(1)',
    ):  # fmt: skip
        tree = parse(query)
        assert parse(str(tree)) == tree


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                ["{", "}", 'a="b"', "|", "json", "sum", "rate", "(", ")", "[5m]", "by", "offset",
                 "1", "-", "|=", '"x"', "unwrap", "and", "#", "`", "\\", "ip", "=~", "{{", "$"]
            ),
            max_size=25,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_a_query_or_a_told_mistake(query: str) -> None:
    message = "a query"
    try:
        parse(query)
    except LogqlError as error:
        message = str(error)
    assert message


def test_deep_nesting_is_refused_not_followed() -> None:
    for query in ("(" * 5000, '{a="b"} | ' + "(" * 5000 + "x=1" + ")" * 5000, "1+" * 60_000 + "1"):
        with pytest.raises(LogqlError):
            parse(query + "}")
