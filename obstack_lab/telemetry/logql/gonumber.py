"""Numbers, durations and sizes as Go reads and prints them: Loki's answers are Go's."""

from __future__ import annotations

import math
import re

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_CALENDAR = {
    "y": (1, 365 * 86_400_000_000_000),
    "w": (2, 7 * 86_400_000_000_000),
    "d": (3, 86_400_000_000_000),
    "h": (4, 3_600_000_000_000),
    "m": (5, 60_000_000_000),
    "s": (6, 1_000_000_000),
    "ms": (7, 1_000_000),
}
_SIZES = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15, "eb": 10**18,
    "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15, "e": 10**18,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "pib": 2**50, "eib": 2**60,
    "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40, "pi": 2**50, "ei": 2**60,
}  # fmt: skip
_LARGEST = 2**63 - 1
_EXACT = 16
"""Fewer digits than this are a number as they stand."""
_PIECE = re.compile(r"(\d*)(\.\d*)?")
_FLOAT = re.compile(
    r"[+-]?(?:\d(?:_?\d)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
    r"|[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?\d+",
    re.ASCII,
)
_SPECIAL = re.compile(r"[+-]?(?:inf(?:inity)?)|nan", re.IGNORECASE)


class GoError(ValueError):
    """A text that Go would not read; `str(error)` is Go's message."""


def quote(text: str) -> str:
    """Return the text as a Go string literal (`strconv.Quote`)."""
    pieces = ['"']
    for char in text:
        code = ord(char)
        if char in '"\\':
            pieces.append("\\" + char)
        elif char in _SHORT_ESCAPES:
            pieces.append(_SHORT_ESCAPES[char])
        elif code < 0x20 or code == 0x7F:
            pieces.append(f"\\x{code:02x}")
        elif char == "�" or char.isprintable():
            pieces.append(char)
        elif code < 0x10000:
            pieces.append(f"\\u{code:04x}")
        else:
            pieces.append(f"\\U{code:08x}")
    pieces.append('"')
    return "".join(pieces)


_SHORT_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def parse_float(text: str) -> float:
    """Return the number as `strconv.ParseFloat` reads it, or raise its message."""
    if len(text) < _EXACT and text.isdecimal() and text.isascii():
        return float(text)
    if _FLOAT.fullmatch(text) and "_" not in text:
        if "x" in text or "X" in text:
            try:
                return float.fromhex(text)
            except (ValueError, OverflowError):
                pass
        else:
            value = float(text)
            if math.isinf(value):
                raise GoError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
            return value
    elif _SPECIAL.fullmatch(text):
        return float(text)
    raise GoError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")


def parse_int(text: str, *, function: str = "ParseInt", bits: int = 64) -> int:
    """Return the decimal integer as `strconv.ParseInt` or `Atoi` reads it."""
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise GoError(f"strconv.{function}: parsing {quote(text)}: invalid syntax")
    value = int(text) if len(text) < 40 else 1 << 200
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise GoError(f"strconv.{function}: parsing {quote(text)}: value out of range")
    return value


def parse_duration(text: str) -> int:  # noqa: C901 - one branch a case
    """Return the nanoseconds as `time.ParseDuration` reads them (`1h2m3.5s`, `-250ms`)."""
    rest = text
    negative = False
    if rest[:1] in ("+", "-"):
        negative, rest = rest[0] == "-", rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise GoError(f"time: invalid duration {quote(text)}")
    total = 0
    while rest:
        match = _PIECE.match(rest)
        number = match.group(0) if match else ""
        if not any(char.isdigit() for char in number) or not number.isascii():
            raise GoError(f"time: invalid duration {quote(text)}")
        rest = rest[len(number) :]
        length = 0
        while length < len(rest) and rest[length] != "." and not "0" <= rest[length] <= "9":
            length += 1
        if length == 0:
            raise GoError(f"time: missing unit in duration {quote(text)}")
        unit, rest = rest[:length], rest[length:]
        if unit not in NANOSECONDS:
            raise GoError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        scale = NANOSECONDS[unit]
        whole, _, fraction = number.partition(".")
        total += int(whole or "0") * scale
        if fraction:
            total += int(int(fraction) * (scale / 10 ** len(fraction)))
        if total > _LARGEST + int(negative):
            raise GoError(f"time: invalid duration {quote(text)}")
    return -total if negative else total


def parse_calendar_duration(text: str) -> int:
    """Return the nanoseconds as Prometheus reads them (`1w2d`, `5m`, units from large to small)."""
    if text == "0":
        return 0
    if not text:
        raise GoError("empty duration string")
    rest, total, last = text, 0, 0
    while rest:
        length = 0
        while length < len(rest) and "0" <= rest[length] <= "9":
            length += 1
        if length == 0 or length == len(rest):
            raise GoError(f"not a valid duration string: {quote(text)}")
        value, rest = int(rest[:length]), rest[length:]
        length = 0
        while length < len(rest) and not "0" <= rest[length] <= "9":
            length += 1
        unit, rest = rest[:length], rest[length:]
        if unit not in _CALENDAR:
            raise GoError(f"unknown unit {quote(unit)} in duration {quote(text)}")
        position, scale = _CALENDAR[unit]
        if position <= last:
            raise GoError(f"not a valid duration string: {quote(text)}")
        last = position
        total += value * scale
        if total > _LARGEST:
            raise GoError("duration out of range")
    return total


def format_duration(nanoseconds: int) -> str:
    """Return the duration as Go prints it: `1h0m0s`, `1.5s`, `250ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < 1_000_000_000:
        unit, scale = (
            ("ns", 1) if rest < 1_000 else ("µs", 1_000) if rest < 1_000_000 else ("ms", 1_000_000)
        )
        return f"{sign}{_decimal(rest, scale)}{unit}"
    minutes, below = divmod(rest, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(below, 1_000_000_000)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else f"{sign}{text}"


def format_calendar_duration(nanoseconds: int) -> str:
    """Return the duration as Prometheus prints it: `5m`, `1h30m`, `1d`; fractions as Go's."""
    if nanoseconds < 0:
        return f"-{format_calendar_duration(-nanoseconds)}"
    if nanoseconds % 1_000_000:
        return format_duration(nanoseconds)
    if nanoseconds == 0:
        return "0s"
    text, rest = "", nanoseconds
    for unit, (_, scale) in _CALENDAR.items():
        if unit in "ywd" and nanoseconds % scale and unit != "d":
            continue
        count, rest = divmod(rest, scale)
        text += f"{count}{unit}" if count else ""
    return text


def parse_size(text: str) -> int:
    """Return the bytes of `20KB`, `1.5MiB`, `7` as `humanize.ParseBytes` reads them."""
    length = 0
    while length < len(text) and (text[length].isdigit() or text[length] in ".,"):
        length += 1
    number, unit = text[:length].replace(",", ""), text[length:].strip().lower()
    value = parse_float(number)
    if unit not in _SIZES:
        raise GoError(f"unhandled size name: {unit}")
    value *= _SIZES[unit]
    if value >= 2**64:
        raise GoError(f"too large: {text}")
    return int(value)


def format_float(value: float) -> str:  # noqa: PLR0911 - one return a case
    """Return the number as Loki writes sample values: shortest, never with an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e15:
        return f"-{0}" if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    point = len(whole) + int(exponent)
    digits = whole + fraction
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _decimal(value: int, scale: int) -> str:
    whole, below = divmod(value, scale)
    if not below:
        return str(whole)
    digits = str(below).rjust(len(str(scale)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}"
