"""The checks that follow the syntax: selectors that select, stages that can be built."""

from __future__ import annotations

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.errors import ParseError
from obstack_lab.telemetry.logql.filters import label_stage, text_test
from obstack_lab.telemetry.logql.need import lean
from obstack_lab.telemetry.logql.parser import read
from obstack_lab.telemetry.logql.pipeline import compile_stages
from obstack_lab.telemetry.logql.regex import RegexError, compile_regex

EMPTY_SELECTOR = (
    "queries require at least one regexp or equality matcher that does not have an "
    'empty-compatible value. For instance, app=~".*" does not meet this requirement, but '
    'app=~".+" will'
)
MATCHERS_ONLY = "only label matchers are supported"


def parse(query: str, *, lines: bool = True) -> ast.Query:
    """Return the query's tree, syntax and meaning checked; `ParseError` says what is wrong.

    Where log queries are not taken (`lines` false), the stages of one are not looked at.
    """
    tree, words = read(query)
    _check_replacements(tree)
    if words.deferred:
        raise words.deferred[0]
    if lines or not isinstance(tree, ast.Selector):
        _check(tree)
    return tree


def parse_selector(query: str) -> ast.Selector:
    """Return a selector without stages, as the label endpoints take it."""
    tree = parse(query)
    if not isinstance(tree, ast.Selector) or tree.stages:
        raise OnlyMatchers(MATCHERS_ONLY)
    return tree


class OnlyMatchers(ParseError):
    """The endpoint takes a stream selector and nothing more."""

    def __str__(self) -> str:
        return self.reason


def selects_nothing(matchers: tuple[ast.Matcher, ...]) -> bool:
    """Say whether no matcher refuses the empty text, so that it would select every stream."""
    return all(text_test(matcher.op, matcher.value)("") for matcher in matchers)


def selectors(tree: ast.Query) -> list[tuple[ast.Selector, ast.Unwrap | None]]:
    """Return every selector of the query in order, with the unwrap that follows it.

    What a metric query does not read is left out of its stages.
    """
    match tree:
        case ast.Selector():
            return [(tree, None)]
        case ast.RangeAggregation():
            return [(lean(tree).range.selector, tree.range.unwrap)]
        case ast.VectorAggregation() | ast.LabelReplace():
            return selectors(tree.inner)
        case ast.Binary():
            return selectors(tree.left) + selectors(tree.right)
        case _:
            return []


def _check_replacements(tree: ast.Query) -> None:
    if isinstance(tree, ast.LabelReplace):
        try:
            compile_regex(tree.regex)
        except RegexError as error:
            raise ParseError(f"invalid regex in label_replace: {error}") from error
        _check_replacements(tree.inner)
    elif isinstance(tree, ast.VectorAggregation):
        _check_replacements(tree.inner)
    elif isinstance(tree, ast.Binary):
        _check_replacements(tree.left)
        _check_replacements(tree.right)


def _check(tree: ast.Query) -> None:
    for selector, unwrap in selectors(tree):
        if selects_nothing(selector.matchers):
            raise ParseError(EMPTY_SELECTOR)
        compile_stages(selector.stages)
        for item in unwrap.filters if unwrap else ():
            try:
                label_stage(item)
            except ValueError as error:
                raise ParseError(f"stage '| {item}' : {error}") from error
