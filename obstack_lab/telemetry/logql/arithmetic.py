"""The arithmetic and the comparisons between two numbers."""

from __future__ import annotations

import math

ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^"})
COMPARISONS = frozenset({"==", "!=", ">", ">=", "<", "<="})


def calculate(op: str, left: float, right: float, *, filters: bool = True) -> float | None:  # noqa: PLR0911 - one return a case
    """Return `left op right`.

    A comparison gives the left number or None where it `filters`, else 1 or 0. Division and
    modulo by zero are not a number.
    """
    if op in COMPARISONS:
        holds = _compare(op, left, right)
        if filters:
            return left if holds else None
        return 1.0 if holds else 0.0
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op in ("/", "%"):
        if right == 0:
            return math.nan
        if op == "/":
            return left / right
        return math.fmod(left, right) if math.isfinite(left) else math.nan
    return _power(left, right)


def _compare(op: str, left: float, right: float) -> bool:
    match op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case _:
            return left <= right


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        odd = right == int(right) and int(right) % 2 == 1
        return -math.inf if left < 0 and odd else math.inf
    except ValueError:
        return math.inf if left == 0 else math.nan
