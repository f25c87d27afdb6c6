"""What the operators of filters do with two values; a comparison of unlike types is false."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import re2

from obstack_lab.telemetry.pattern_cache import kept
from obstack_lab.telemetry.traceql.errors import EvaluationFailure, TypeFailure
from obstack_lab.telemetry.traceql.static import (
    MAX_INT,
    MIN_INT,
    NUMERIC,
    Duration,
    Kind,
    Status,
    Value,
)

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ORDERINGS = frozenset(("<", "<=", ">", ">="))
REGEXES = frozenset(("=~", "!~"))
ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "^"))
MEMBERSHIPS = frozenset(("in", "not in", "match any", "match none"))
NEGATIVE = frozenset(("!=", "!~", "not in", "match none"))


@kept
def pattern(text: str) -> re.Pattern[str]:
    """Compile an anchored expression of RE2's syntax; `.` matches a newline too."""
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 8 << 20
    try:
        compiled: re.Pattern[str] = re2.compile(f"^(?s:{_named_groups(text)})$", options=options)
    except re2.error as error:
        raise TypeFailure(_go_message(text, error.args[0])) from error
    return compiled


def _named_groups(text: str) -> str:
    return re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", text)


def _go_message(text: str, reason: bytes | str) -> str:
    """Return the text Go's package prints for what RE2 said."""
    words = reason.decode() if isinstance(reason, bytes) else reason
    said, _, detail = words.partition(": ")
    detail = detail or text
    return f"error parsing regexp: {_GO_REASONS.get(said, said)}: `{detail}`"


_GO_REASONS = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "bad repetition operator": "invalid nested repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class range": "invalid character class range",
    "invalid repetition size": "invalid repeat count",
    "unexpected )": "unexpected )",
}


def compare(op: str, left: Value, right: Value) -> bool:  # noqa: PLR0911 - a case a kind of operator
    """Return `left op right` for a comparison, a regular expression or a membership."""
    if op in MEMBERSHIPS:
        return _member(op, left, right)
    if isinstance(left, tuple) or isinstance(right, tuple):
        return _compare_arrays(op, left, right)
    if left is None or right is None:
        if op == "=":
            return left is right
        return op == "!=" and left is not right
    if op in REGEXES:
        if type(left) is not str or type(right) is not str:
            return False
        return (pattern(right).fullmatch(left) is not None) == (op == "=~")
    if not same_kind(left, right):
        return False
    return COMPARISONS[op](left, right)


def same_kind(left: Value, right: Value) -> bool:
    """Say whether two values can be compared: equal types, or both numbers."""
    mine, other = type(left), type(right)
    return mine is other or (mine in NUMERIC and other in NUMERIC)


def _compare_arrays(op: str, left: Value, right: Value) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        if op not in ("=", "!="):
            return False
        return (left == right) == (op == "=")
    if isinstance(left, tuple):
        pairs: list[tuple[Value, Value]] = [(item, right) for item in left]
    else:
        pairs = [(left, item) for item in right] if isinstance(right, tuple) else []
    if op in NEGATIVE:
        return bool(pairs) and all(compare(op, mine, other) for mine, other in pairs)
    return any(compare(op, mine, other) for mine, other in pairs)


def _member(op: str, left: Value, right: Value) -> bool:
    if not isinstance(right, tuple):
        raise EvaluationFailure("array operators require array on the right side")
    inner = "=~" if op.startswith("match") else "="
    found = any(compare(inner, left, item) for item in right)
    return found != (op in NEGATIVE)


def calculate(op: str, left: Value, right: Value) -> Value:
    """Return `left op right` of two numbers; nil where either is no number."""
    mine, other = type(left), type(right)
    if mine not in NUMERIC or other not in NUMERIC:
        return None
    if mine is float or other is float:
        return _reals(op, float(left), float(right))  # type: ignore[arg-type]  # both are numbers
    result = _integers(op, int(left), int(right))  # type: ignore[arg-type]  # both are numbers
    if result is None or isinstance(result, float):
        return result
    return Duration(result) if Duration in (mine, other) else result


def _integers(op: str, left: int, right: int) -> int | float | None:
    """Calculate with 64 bits. A power of integers has its sides swapped, as in Tempo."""
    if op in "/%" and right == 0:
        return math.nan
    if op == "/":
        quotient = abs(left) // abs(right)
        result = quotient if (left < 0) == (right < 0) else -quotient
    elif op == "%":
        result = int(math.fmod(left, right)) if abs(left) < 2**53 else left % right
    elif op == "^":
        power = _power(float(right), float(left))
        result = int(power) if math.isfinite(power) else MIN_INT
    else:
        result = {"+": left + right, "-": left - right, "*": left * right}[op]
    if not MIN_INT <= result <= MAX_INT:
        result = (result + 2**63) % 2**64 - 2**63
    return result


def _reals(op: str, left: float, right: float) -> float:
    if op in "/%" and right == 0:
        if op == "%" or left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1.0, right)
    if op == "/":
        return left / right
    if op == "%":
        return math.fmod(left, right) if math.isfinite(left) else math.nan
    if op == "^":
        return _power(left, right)
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def is_enum(value: Value) -> bool:
    """Say whether a value is a status or a kind, which have no order."""
    return isinstance(value, Status | Kind)
