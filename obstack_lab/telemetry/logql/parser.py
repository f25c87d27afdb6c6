"""Reads a LogQL query: recursive descent over metric expressions, then the checks of meaning."""

from __future__ import annotations

import math

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.arithmetic import calculate
from obstack_lab.telemetry.logql.errors import ParseError
from obstack_lab.telemetry.logql.lexer import RANGE_OPERATIONS, VECTOR_OPERATIONS
from obstack_lab.telemetry.logql.stage_parser import DEEPEST, StageParser, number
from obstack_lab.telemetry.logql.words import Words

_PRECEDENCE = {
    "or": 1,
    "and": 2, "unless": 2,
    "==": 3, "!=": 3, ">": 3, ">=": 3, "<": 3, "<=": 3,
    "+": 4, "-": 4,
    "*": 5, "/": 5, "%": 5,
    "^": 6,
}  # fmt: skip
SET_OPERATORS = ("and", "or", "unless")
_GROUPED_RANGES = frozenset({
    "avg_over_time", "stddev_over_time", "stdvar_over_time", "quantile_over_time",
    "max_over_time", "min_over_time", "first_over_time", "last_over_time",
})  # fmt: skip
_BARE_RANGES = frozenset({
    "bytes_over_time", "bytes_rate", "count_over_time", "rate", "absent_over_time",
})  # fmt: skip
_UNWRAPPED_RANGES = _GROUPED_RANGES | {
    "rate", "rate_counter", "sum_over_time", "absent_over_time",
}  # fmt: skip
_WITH_PARAMETER = ("topk", "bottomk", "approx_topk")
MOST_OPERATIONS = 200
"""How many binary operations a query may have."""
LONGEST = 131_072
"""How many characters a query may have."""


def read(query: str) -> tuple[ast.Query, Words]:
    """Return the syntax of the query; errors of meaning wait in `words.deferred`."""
    if len(query) > LONGEST:
        raise ParseError(f"input size too long ({len(query)} > {LONGEST})")
    words = Words(query)
    parser = _Parser(words)
    tree = parser.expression()
    if words.now.kind != "$end":
        raise words.unexpected()
    return tree, words


class _Parser:
    def __init__(self, words: Words) -> None:
        self.words = words
        self.lines = StageParser(words)
        self.pairs = 0

    def expression(self, floor: int = 1) -> ast.Query:
        words = self.words
        words.depth += 1
        if words.depth > DEEPEST:
            raise words.fail("the query nests too deeply")
        left = self._operand()
        while True:
            op = words.now.kind
            precedence = _PRECEDENCE.get(op, 0)
            if precedence < floor:
                words.depth -= 1
                return left
            words.next()
            matching = self._matching()
            right = self.expression(precedence if op == "^" else precedence + 1)
            left = self._pair(op, left, right, matching)

    def _metric(self) -> ast.Query:
        """Read an expression that must not be a bare log query."""
        tree = self.expression()
        if isinstance(tree, ast.Selector):
            raise self.words.unexpected()
        return tree

    def _operand(self) -> ast.Query:  # noqa: PLR0911 - one return a case
        words = self.words
        kind = words.now.kind
        if kind == "{":
            return ast.Selector(self.lines.matchers(), self.lines.stages())
        if kind == "(":
            words.next()
            inner = self.expression()
            if words.now.kind != ")":
                raise words.unexpected()
            words.next()
            if isinstance(inner, ast.Selector):
                return ast.Selector(inner.matchers, inner.stages + self.lines.stages())
            return inner
        if kind in RANGE_OPERATIONS:
            return self._range_aggregation()
        if kind in VECTOR_OPERATIONS:
            return self._vector_aggregation()
        if kind in ("NUMBER", "+", "-"):
            sign = words.take("+", "-")
            value = number(words)
            return ast.Literal(-value if sign and sign.kind == "-" else value)
        if kind == "vector":
            words.next()
            words.expect("(")
            value = number(words)
            words.expect(")")
            return ast.Vector(value)
        if kind == "label_replace":
            return self._label_replace()
        raise words.unexpected()

    def _label_replace(self) -> ast.Query:
        words = self.words
        words.next()
        words.expect("(")
        inner = self._metric()
        texts = []
        if words.now.kind != ",":
            raise words.unexpected()
        for _ in range(4):
            words.expect(",")
            texts.append(words.expect("STRING").text)
        words.expect(")")
        return ast.LabelReplace(inner, *texts)

    def _range_aggregation(self) -> ast.Query:
        words = self.words
        op = words.next().kind
        words.expect("(")
        parameter = None
        if words.now.kind == "NUMBER":
            parameter = number(words)
            words.expect(",")
        elif words.now.kind not in ("{", "("):
            raise words.unexpected("NUMBER", "{", "(")
        extent = self._log_range()
        if words.now.kind != ")":
            ended = extent.selector.stages or extent.unwrap
            raise words.unexpected(*([")"] if ended else []))
        words.next()
        tree = ast.RangeAggregation(op, extent, parameter, self._grouping())
        if reason := _range_fault(tree):
            words.defer(reason)
        return tree

    def _log_range(self) -> ast.LogRange:
        words = self.words
        if words.now.kind not in ("{", "("):
            raise words.unexpected("{", "(")
        selector, unwrap, extent = self._ranged()
        if extent is None:
            raise words.unexpected(*(["RANGE", "|"] if unwrap else []))
        return ast.LogRange(selector, extent[0], extent[1], unwrap)

    def _ranged(self) -> tuple[ast.Selector, ast.Unwrap | None, tuple[int, int] | None]:
        """Read a selector with its stages, unwrap and range in any of the allowed orders."""
        words = self.words
        extent = None
        unwrap = None
        if words.take("("):
            words.depth += 1
            if words.depth > DEEPEST:
                raise words.fail("the query nests too deeply")
            if words.now.kind not in ("{", "("):
                raise words.unexpected("{", "(")
            selector, unwrap, extent = self._ranged()
            words.depth -= 1
            if words.now.kind != ")":
                raise words.unexpected(*(["RANGE", "|"] if unwrap and not extent else []))
            words.next()
        else:
            selector = ast.Selector(self.lines.matchers())
        while True:
            if extent is None and (token := words.take("RANGE")):
                extent = (token.value, self._offset())
            elif unwrap is None and words.now.kind == "|" and words.peek().kind == "unwrap":
                unwrap = self.lines.unwrap()
            elif unwrap is None and (more := self.lines.stages(stop_at_unwrap=True)):
                selector = ast.Selector(selector.matchers, selector.stages + more)
            else:
                return selector, unwrap, extent

    def _offset(self) -> int:
        words = self.words
        if not words.take("offset"):
            return 0
        sign = -1 if words.take("-") else 1
        return sign * words.expect("DURATION").value

    def _grouping(self) -> ast.Grouping | None:
        words = self.words
        token = words.take("by", "without")
        if token is None:
            return None
        return ast.Grouping(self._names(), without=token.kind == "without")

    def _names(self) -> tuple[str, ...]:
        words = self.words
        words.expect("(")
        names: list[str] = []
        if words.take(")"):
            return ()
        while True:
            if words.now.kind != "IDENTIFIER":
                raise words.unexpected("IDENTIFIER", *([] if names else [")"]))
            names.append(words.next().text)
            if words.take(")"):
                return tuple(names)
            if not words.take(","):
                raise words.unexpected(",", ")")

    def _vector_aggregation(self) -> ast.Query:
        words = self.words
        op = words.next().kind
        grouping = self._grouping()
        words.expect("(")
        parameter = None
        if words.now.kind == "NUMBER" and words.peek().kind == ",":
            parameter = words.next().text
            words.next()
        inner = self._metric()
        if words.now.kind != ")":
            raise words.unexpected()
        words.next()
        grouping = grouping or self._grouping()
        return self._checked_aggregation(op, inner, parameter, grouping)

    def _checked_aggregation(
        self, op: str, inner: ast.Query, parameter: str | None, grouping: ast.Grouping | None
    ) -> ast.Query:
        words = self.words
        count = None
        if op in _WITH_PARAMETER:
            if parameter is None:
                words.defer(f"parameter required for operation {op}")
            elif not parameter.isascii() or not parameter.isdigit():
                words.defer(f"invalid parameter {op}({parameter},")
            elif (count := int(parameter)) <= 0:
                words.defer(f"invalid parameter (must be greater than 0) {op}({parameter}")
        elif parameter is not None:
            words.defer(f"unsupported parameter for operation {op}({parameter},")
        if grouping is not None and op in ("sort", "sort_desc", "approx_topk"):
            words.defer(f"grouping not allowed for {op} aggregation")
        return ast.VectorAggregation(op, inner, count, grouping)

    def _matching(self) -> ast.Matching:
        words = self.words
        returns_bool = bool(words.take("bool"))
        token = words.take("on", "ignoring")
        if token is None:
            return ast.Matching(returns_bool)
        names = self._names()
        group = words.take("group_left", "group_right")
        include: tuple[str, ...] = ()
        if group and words.now.kind == "(" and self._names_follow():
            include = self._names()
        return ast.Matching(
            returns_bool, token.kind == "on", names, True, group.kind if group else "", include
        )

    def _names_follow(self) -> bool:
        """Tell `group_left (a, b)` from `group_left (rate(…))`."""
        after = self.words.peek(1).kind
        if after == ")":
            return True
        return after == "IDENTIFIER" and self.words.peek(2).kind in (",", ")")

    def _pair(
        self, op: str, left: ast.Query, right: ast.Query, matching: ast.Matching
    ) -> ast.Query:
        words = self.words
        self.pairs += 1
        if self.pairs > MOST_OPERATIONS:
            raise words.fail(f"the query has more than {MOST_OPERATIONS} operations")
        for side, leg in (("left", left), ("right", right)):
            if isinstance(leg, ast.Selector):
                words.defer(
                    f"unexpected type for {side} leg of binary operation ({op}): {leg.kind}"
                )
            elif isinstance(leg, ast.Literal) and op in SET_OPERATORS:
                words.defer(
                    f"unexpected literal for {side} leg of logical/set binary operation "
                    f"({op}): {leg.value:.6f}"
                )
        if isinstance(left, ast.Literal) and isinstance(right, ast.Literal):
            value = calculate(op, left.value, right.value, filters=False)
            return ast.Literal(math.nan if value is None else value)
        return ast.Binary(op, left, right, matching)


def _range_fault(tree: ast.RangeAggregation) -> str:
    """Return why this aggregation has no meaning, or `''`."""
    op, unwrapped = tree.op, tree.range.unwrap is not None
    if tree.parameter is None and op == "quantile_over_time":
        return f"parameter required for operation {op}"
    if tree.parameter is not None and op != "quantile_over_time":
        return f"parameter {tree.parameter:.6f} not supported for operation {op}"
    if tree.grouping is not None and op not in _GROUPED_RANGES:
        return f"grouping not allowed for {op} aggregation"
    if unwrapped and op not in _UNWRAPPED_RANGES:
        return f"invalid aggregation {op} with unwrap"
    if not unwrapped and op not in _BARE_RANGES:
        return f"invalid aggregation {op} without unwrap"
    return ""
