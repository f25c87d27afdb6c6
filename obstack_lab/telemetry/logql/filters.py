"""Line filters and label filters as predicates over entries."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.logql import ast, gonumber, pattern
from obstack_lab.telemetry.logql.entry import SPECIAL, Entry
from obstack_lab.telemetry.logql.ip import IpMatcher
from obstack_lab.telemetry.logql.labelregex import label_regex
from obstack_lab.telemetry.logql.regex import compile_regex

Predicate = Callable[[Entry], bool]
FAILED = "LabelFilterErr"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_READ: dict[str, Callable[[str], float]] = {
    "number": gonumber.parse_float,
    "duration": gonumber.parse_duration,
    "bytes": gonumber.parse_size,
}


def line_test(node: ast.LineFilter) -> Callable[[str], bool]:
    """Return whether a line passes the filter; `ValueError` says what is wrong with it."""
    tests = [_one_line_test(part) for part in (node, *node.others)]
    negative = node.op.startswith("!")
    if len(tests) == 1:
        only = tests[0]
        return (lambda line: not only(line)) if negative else only
    if negative:
        return lambda line: not any(test(line) for test in tests)
    return lambda line: any(test(line) for test in tests)


def _one_line_test(node: ast.LineFilter) -> Callable[[str], bool]:
    value = node.value
    if node.ip:
        if node.op not in ("|=", "!="):
            raise ValueError("ip: invalid operation")
        return IpMatcher(value).found_in
    if node.op in ("|=", "!="):
        return lambda line: value in line
    if node.op in ("|~", "!~"):
        return compile_regex(value).found_in if value else lambda _line: True
    pieces = pattern.filter_pattern(value)
    return lambda line: pattern.fits(pieces, line)


def line_stage(node: ast.LineFilter) -> Predicate:
    """Return the stage of a line filter."""
    test = line_test(node)
    return lambda entry: test(entry.line)


def label_stage(node: ast.Filter) -> Predicate:
    """Return the stage of label filters; `ValueError` says what is wrong with them."""
    if isinstance(node, ast.FilterPair):
        left, right = label_stage(node.left), label_stage(node.right)
        if node.op == "or":
            return lambda entry: left(entry) or right(entry)
        return lambda entry: left(entry) and right(entry)
    if isinstance(node, ast.StringFilter):
        return _string_stage(node)
    if isinstance(node, ast.IpFilter):
        return _ip_stage(node)
    return _number_stage(node)


def refusal(node: ast.Filter) -> tuple[str, Callable[[str], bool]] | None:
    """Return a label, and which of its texts fail the filter; None where that takes more labels."""
    if not isinstance(node, ast.StringFilter | ast.NumberFilter) or node.name in SPECIAL:
        return None
    passes = _text_passes(node) if isinstance(node, ast.StringFilter) else _number_passes(node)

    def refused(text: str) -> bool:
        try:
            return not passes(text)
        except gonumber.GoError:
            return False

    return node.name, refused


def text_test(op: str, value: str) -> Callable[[str], bool]:
    """Return whether a label's text satisfies `op value`; regular expressions are anchored."""
    if op == "=":
        return lambda text: text == value
    if op == "!=":
        return lambda text: text != value
    matches = compile_regex(value).matches
    if op == "=~":
        return matches
    return lambda text: not matches(text)


def _text_passes(node: ast.StringFilter) -> Callable[[str], bool]:
    if "~" not in node.op:
        return text_test(node.op, node.value)
    found = label_regex(node.value)
    return found if node.op == "=~" else lambda text: not found(text)


def _string_stage(node: ast.StringFilter) -> Predicate:
    test = _text_passes(node)
    name = node.name
    return lambda entry: test(entry.get(name) or "")


def _number_passes(node: ast.NumberFilter) -> Callable[[str], bool]:
    """Return whether a label's text, read as a number, satisfies the filter; it raises GoError."""
    compare, read, wanted = _COMPARE[node.op], _READ[node.unit], node.value
    return lambda text: compare(read(text), wanted)


def _number_stage(node: ast.NumberFilter) -> Predicate:
    passes, name = _number_passes(node), node.name

    def stage(entry: Entry) -> bool:
        text = entry.get(name)
        if text is None or name in SPECIAL:
            return False
        try:
            return passes(text)
        except gonumber.GoError as error:
            if not entry.error:
                entry.fail(FAILED, str(error))
            return True

    return stage


def _ip_stage(node: ast.IpFilter) -> Predicate:
    matcher, name, wanted = IpMatcher(node.value), node.name, node.op == "="

    def stage(entry: Entry) -> bool:
        if entry.error:
            return True
        text = entry.get(name)
        if text is None:
            return False
        return matcher.found_in(text) is wanted

    return stage
