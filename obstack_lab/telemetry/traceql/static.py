"""The values of TraceQL: Python's own for strings, numbers and booleans, four types besides.

Arrays are tuples of one element type. `None` is nil: the field is absent.
"""

from __future__ import annotations

import enum
import math
import re
from typing import TypeAlias

MIN_INT = -(2**63)
MAX_INT = 2**63 - 1


class Duration(int):
    """Nanoseconds that were written, or are kept, as a duration."""

    __slots__ = ()


class Status(enum.IntEnum):
    """A span's status, numbered as TraceQL orders it."""

    error = 0
    ok = 1
    unset = 2


class Kind(enum.IntEnum):
    """A span's kind, numbered as in OTLP."""

    unspecified = 0
    internal = 1
    server = 2
    client = 3
    producer = 4
    consumer = 5


Scalar: TypeAlias = str | int | float | bool | Duration | Status | Kind
Value: TypeAlias = Scalar | tuple[str, ...] | tuple[int, ...] | tuple[float, ...] | None

NUMERIC = frozenset((int, float, Duration))

_UNITS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_LONG_UNITS = _UNITS | {"d": 86400 * 10**9, "w": 7 * 86400 * 10**9, "y": 365 * 86400 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_LONG = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
)


def parse_duration(text: str) -> int | None:
    """Return nanoseconds of `1h30m`, `1.5s` or `1d`, or None where it is no duration."""
    total, at = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            break
        number, unit = part.groups()
        whole, _, fraction = number.partition(".")
        total += int(whole or "0") * _UNITS[unit]
        if fraction:
            total += int(int(fraction) * _UNITS[unit] / 10 ** len(fraction))
        at = part.end()
    if at == len(text) and text:
        return total if total <= MAX_INT else None
    long = _LONG.fullmatch(text)
    if long is None or not text:
        return None
    units = ("y", "w", "d", "h", "m", "s", "ms")
    total = sum(
        int(number) * _LONG_UNITS[unit]
        for number, unit in zip(long.groups(), units, strict=True)
        if number
    )
    return total if total <= MAX_INT else None


def format_duration(nanoseconds: int) -> str:
    """Return Go's spelling of a duration: `1m35s`, `1.16397549s`, `300µs`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if left < 10**9:
        for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if left >= size:
                return f"{sign}{_decimal(left, size)}{unit}"
    minutes, rest = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 10**9)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else sign + text


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).zfill(len(str(size)) - 1).rstrip('0')}"


def format_float(value: float) -> str:
    """Return Go's shortest spelling of a float (`%g`-like with a large exponent limit)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value).removesuffix(".0")
    mantissa, _, power = text.partition("e")
    if not power and (value == 0 or abs(value) >= 1e-4):
        return text
    if power and 16 <= int(power) < 21:
        return f"{value:.0f}"
    mantissa, _, power = (f"{value:.16e}" if not power else text).partition("e")
    number = int(power)
    return f"{mantissa}e{'-' if number < 0 else '+'}{abs(number):02d}"


def render(value: Value, *, quote: str = "`") -> str:  # noqa: PLR0911 - a case a type
    """Return a value as a query would spell it."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Status | Kind):
        return value.name
    if isinstance(value, Duration):
        return format_duration(value)
    if isinstance(value, str):
        return f"{quote}{value}{quote}"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(render(item, quote=quote) for item in value) + "]"
    return str(value)
