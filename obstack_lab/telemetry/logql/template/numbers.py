"""The numbers of templates: sprig's casts, which make a number of anything, and its arithmetic."""

from __future__ import annotations

import math
import re
from typing import Any

from obstack_lab.telemetry.logql import gonumber
from obstack_lab.telemetry.logql.template.errors import CallError


def to_int(value: Any) -> int:
    """Return the integer that sprig's cast makes of anything; 0 where it can make none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    if isinstance(value, str):
        try:
            return int(value, 0) if not re.fullmatch(r"[+-]?0\d+", value) else int(value, 8)
        except ValueError:
            return 0
    return 0


def to_float(value: Any) -> float:
    """Return the float that sprig's cast makes of anything; 0 where it can make none."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return gonumber.parse_float(value)
        except gonumber.GoError:
            return 0.0
    return 0.0


def int_divide(left: Any, right: Any) -> int:
    """Return the integer quotient, cut towards zero."""
    a, b = to_int(left), to_int(right)
    if b == 0:
        raise CallError("runtime error: integer divide by zero")
    return math.trunc(a / b) if abs(a) < 2**52 else abs(a) // abs(b) * (1 if a * b >= 0 else -1)


def int_modulo(left: Any, right: Any) -> int:
    """Return the remainder, with the dividend's sign."""
    a, b = to_int(left), to_int(right)
    if b == 0:
        raise CallError("runtime error: integer divide by zero")
    return int(math.fmod(a, b)) if abs(a) < 2**52 else a - b * int_divide(a, b)


def float_divide(*values: Any) -> float:
    """Return the first number divided by each of the others."""
    result = to_float(values[0])
    for value in values[1:]:
        divisor = to_float(value)
        if divisor == 0:
            result = math.nan if result == 0 else math.copysign(math.inf, result)
        else:
            result /= divisor
    return result


def round_half(value: Any, places: Any, half: Any = 0.5) -> float:
    """Return the number rounded to so many places; `half` is where it goes up."""
    scale = 10.0 ** to_int(places)
    digit = to_float(value) * scale
    fraction = math.modf(digit)[0]
    return (math.ceil(digit) if fraction >= to_float(half) else math.floor(digit)) / scale


def product(values: tuple[Any, ...]) -> int:
    """Return the product of integers, within 64 bits."""
    result = 1
    for value in values:
        result *= to_int(value)
    return (result + 2**63) % 2**64 - 2**63


def difference(values: tuple[Any, ...]) -> float:
    """Return the first number less the others."""
    return to_float(values[0]) - sum(to_float(value) for value in values[1:])


def largest(first: Any, *others: Any) -> int:
    """Return the largest as an integer."""
    return max(to_int(first), *map(to_int, others)) if others else to_int(first)


def smallest(first: Any, *others: Any) -> int:
    """Return the smallest as an integer."""
    return min(to_int(first), *map(to_int, others)) if others else to_int(first)
