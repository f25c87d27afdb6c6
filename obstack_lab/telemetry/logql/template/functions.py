"""The functions that templates may call: Go's own, Loki's, and those it takes from sprig."""

from __future__ import annotations

import base64
import json
import math
import re
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from obstack_lab.telemetry.logql import gonumber
from obstack_lab.telemetry.logql.regex import RegexError, compile_regex
from obstack_lab.telemetry.logql.template import gotime
from obstack_lab.telemetry.logql.template.errors import CallError
from obstack_lab.telemetry.logql.template.gotime import GoTime
from obstack_lab.telemetry.logql.template.numbers import (
    difference,
    float_divide,
    int_divide,
    int_modulo,
    largest,
    product,
    round_half,
    smallest,
    to_float,
    to_int,
)
from obstack_lab.telemetry.logql.template.printing import show, sprintf

MANY = 99
LONGEST = 1 << 20


@dataclass(frozen=True)
class Function:
    """A callable with its number of arguments and their kinds.

    Kinds, one letter an argument, the last for all that follow: `s` text, `i` integer, `f` number,
    `t` time, `*` anything.
    """

    call: Callable[..., Any]
    least: int
    most: int
    kinds: str = "*"


def _title(text: str) -> str:
    return re.sub(r"(^|[^\w'])(\w)", lambda match: match[1] + match[2].upper(), text)


def _trunc(count: int, text: str) -> str:
    if count < 0 and len(text) + count > 0:
        return text[len(text) + count :]
    return text[:count] if 0 <= count < len(text) else text


def _substr(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[: max(end, 0)]
    if end < 0:
        return text[start:]
    if start > end:
        raise CallError("runtime error: slice bounds out of range")
    return text[start:end]


def _align_left(count: int, text: str) -> str:
    if count < 0:
        return text
    return text[:count].ljust(min(count, LONGEST))


def _align_right(count: int, text: str) -> str:
    if count < 0:
        return text
    return text[-count:].rjust(min(count, LONGEST)) if count else ""


def _regex_replace(pattern: str, text: str, replacement: str, *, literal: bool = False) -> str:
    try:
        return compile_regex(pattern).replace(text, replacement, literal=literal)
    except RegexError as error:
        raise CallError(str(error)) from error


def _count(pattern: str, text: str) -> int:
    try:
        return sum(1 for _ in compile_regex(pattern).engine.finditer(text))
    except RegexError as error:
        raise CallError(str(error)) from error


def _go_value(function: Callable[[str], Any]) -> Callable[[str], Any]:
    def call(text: str) -> Any:
        try:
            return function(text)
        except gonumber.GoError as error:
            raise CallError(str(error)) from error

    return call


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _zone(name: str) -> str:
    if name in ("", "UTC"):
        return "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CallError(f"unknown time zone {name}") from error
    return name


def _to_date(layout: str, text: str, zone: str = "UTC") -> GoTime:
    try:
        return gotime.parse(layout, text, zone)
    except (gotime.LayoutError, re.error):
        return GoTime(-62135596800 * gotime.SECOND)


def _to_date_in_zone(layout: str, zone: str, text: str) -> GoTime:
    try:
        return _to_date(layout, text, _zone(zone))
    except CallError:
        return GoTime(-62135596800 * gotime.SECOND)


def _date(layout: str, moment: Any) -> str:
    if isinstance(moment, GoTime):
        return moment.format(layout)
    if isinstance(moment, int) and not isinstance(moment, bool):
        return GoTime(moment * gotime.SECOND).format(layout)
    return GoTime(time.time_ns()).format(layout)


def _unix_to_time(text: str) -> GoTime:
    try:
        number = gonumber.parse_int(text)
    except gonumber.GoError as error:
        raise CallError(f"unable to parse time '{text}': {error}") from error
    scales = {5: 86400 * gotime.SECOND, 10: gotime.SECOND, 13: 1_000_000, 16: 1_000, 19: 1}
    if len(text) not in scales:
        raise CallError(f"unable to parse time '{text}': invalid time length: {len(text)}")
    return GoTime(number * scales[len(text)])


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise CallError(f"len of type {type(value).__name__}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list | str) and isinstance(key, int):
            items: Any = value.encode() if isinstance(value, str) else value
            if not 0 <= key < len(items):
                raise CallError(f"error calling index: index out of range: {key}")
            value = items[key]
        else:
            raise CallError("cannot index value")
    return value


def _slice(value: Any, *bounds: Any) -> Any:
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else len(value)
    if not 0 <= start <= end <= len(value):
        raise CallError(f"index out of range: {end}")
    return value[start:end]


def _comparable(left: Any, right: Any) -> None:
    kinds = [
        "bool" if isinstance(v, bool) else "int" if isinstance(v, int)
        else "float" if isinstance(v, float) else "string" if isinstance(v, str) else "other"
        for v in (left, right)
    ]  # fmt: skip
    if kinds[0] != kinds[1]:
        raise CallError("incompatible types for comparison")
    if "other" in kinds and left is not None:
        raise CallError("invalid type for comparison")


def _equal(left: Any, *others: Any) -> bool:
    for other in others:
        _comparable(left, other)
        if left == other:
            return True
    return False


def _ordered(test: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        _comparable(left, right)
        if isinstance(left, bool) or left is None:
            raise CallError("invalid type for comparison")
        return test((left > right) - (left < right))

    return compare


def _print(*values: Any) -> str:
    pieces = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            pieces.append(" ")
        pieces.append(show(value))
    return "".join(pieces)


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return "illegal base64 data at input byte 0"


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise CallError("strings: negative Repeat count")
    if count * len(text) > LONGEST:
        raise CallError("strings: Repeat output length overflow")
    return text * count


def _replace(text: str, old: str, new: str, count: int) -> str:
    return text.replace(old, new) if count < 0 else text.replace(old, new, count)


def _default(fallback: Any, value: Any = None) -> Any:
    return value if value or isinstance(value, GoTime) else fallback


def _escape_html(text: str) -> str:
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(old, new)
    return text


def _unescape_url(text: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        bad = re.search(r"%.{0,2}", text)
        raise CallError(f"invalid URL escape {gonumber.quote(bad.group() if bad else '')}")
    return urllib.parse.unquote_plus(text)


def _indent(count: int, text: str) -> str:
    pad = " " * min(max(count, 0), LONGEST)
    return pad + text.replace("\n", "\n" + pad)


FUNCTIONS: dict[str, Function] = {
    # Go's own
    "not": Function(lambda value: not (value or isinstance(value, GoTime)), 1, 1),
    "len": Function(_length, 1, 1),
    "index": Function(_index, 1, MANY),
    "slice": Function(_slice, 1, 4),
    "print": Function(_print, 0, MANY),
    "println": Function(lambda *values: " ".join(map(show, values)) + "\n", 0, MANY),
    "printf": Function(sprintf, 1, MANY, "s*"),
    "html": Function(lambda *values: _escape_html(_print(*values)), 0, MANY),
    "js": Function(lambda *values: json.dumps(_print(*values))[1:-1], 0, MANY),
    "urlquery": Function(lambda *values: urllib.parse.quote_plus(_print(*values)), 0, MANY),
    "eq": Function(_equal, 2, MANY),
    "ne": Function(lambda left, right: not _equal(left, right), 2, 2),
    "lt": Function(_ordered(lambda sign: sign < 0), 2, 2),
    "le": Function(_ordered(lambda sign: sign <= 0), 2, 2),
    "gt": Function(_ordered(lambda sign: sign > 0), 2, 2),
    "ge": Function(_ordered(lambda sign: sign >= 0), 2, 2),
    # text
    "ToLower": Function(str.lower, 1, 1, "s"),
    "ToUpper": Function(str.upper, 1, 1, "s"),
    "lower": Function(str.lower, 1, 1, "s"),
    "upper": Function(str.upper, 1, 1, "s"),
    "title": Function(_title, 1, 1, "s"),
    "Replace": Function(_replace, 4, 4, "sssi"),
    "replace": Function(lambda old, new, text: text.replace(old, new), 3, 3, "s"),
    "Trim": Function(lambda text, cut: text.strip(cut) if cut else text, 2, 2, "s"),
    "TrimLeft": Function(lambda text, cut: text.lstrip(cut) if cut else text, 2, 2, "s"),
    "TrimRight": Function(lambda text, cut: text.rstrip(cut) if cut else text, 2, 2, "s"),
    "TrimPrefix": Function(lambda text, prefix: text.removeprefix(prefix), 2, 2, "s"),
    "TrimSuffix": Function(lambda text, suffix: text.removesuffix(suffix), 2, 2, "s"),
    "TrimSpace": Function(str.strip, 1, 1, "s"),
    "trim": Function(str.strip, 1, 1, "s"),
    "trimAll": Function(lambda cut, text: text.strip(cut) if cut else text, 2, 2, "s"),
    "trimPrefix": Function(lambda prefix, text: text.removeprefix(prefix), 2, 2, "s"),
    "trimSuffix": Function(lambda suffix, text: text.removesuffix(suffix), 2, 2, "s"),
    "trunc": Function(_trunc, 2, 2, "is"),
    "substr": Function(_substr, 3, 3, "iis"),
    "contains": Function(lambda part, text: part in text, 2, 2, "s"),
    "hasPrefix": Function(lambda prefix, text: text.startswith(prefix), 2, 2, "s"),
    "hasSuffix": Function(lambda suffix, text: text.endswith(suffix), 2, 2, "s"),
    "indent": Function(_indent, 2, 2, "is"),
    "nindent": Function(lambda count, text: "\n" + _indent(count, text), 2, 2, "is"),
    "repeat": Function(_repeat, 2, 2, "is"),
    "alignLeft": Function(_align_left, 2, 2, "is"),
    "alignRight": Function(_align_right, 2, 2, "is"),
    "regexReplaceAll": Function(_regex_replace, 3, 3, "s"),
    "regexReplaceAllLiteral": Function(
        lambda pattern, text, new: _regex_replace(pattern, text, new, literal=True), 3, 3, "s"
    ),
    "count": Function(_count, 2, 2, "s"),
    "urlencode": Function(urllib.parse.quote_plus, 1, 1, "s"),
    "urldecode": Function(_unescape_url, 1, 1, "s"),
    "b64enc": Function(lambda text: base64.b64encode(text.encode()).decode(), 1, 1, "s"),
    "b64dec": Function(_decode, 1, 1, "s"),
    "default": Function(_default, 1, 2),
    "fromJson": Function(_from_json, 1, 1, "s"),
    # numbers
    "int": Function(to_int, 1, 1),
    "float64": Function(to_float, 1, 1),
    "add": Function(lambda *values: sum(map(to_int, values)), 0, MANY),
    "sub": Function(lambda left, right: to_int(left) - to_int(right), 2, 2),
    "mul": Function(lambda *values: product(values), 1, MANY),
    "div": Function(int_divide, 2, 2),
    "mod": Function(int_modulo, 2, 2),
    "addf": Function(lambda *values: sum(map(to_float, values)), 0, MANY),
    "subf": Function(lambda *values: difference(values), 1, MANY),
    "mulf": Function(lambda *values: math.prod(map(to_float, values)), 1, MANY),
    "divf": Function(float_divide, 1, MANY),
    "max": Function(largest, 1, MANY),
    "min": Function(smallest, 1, MANY),
    "maxf": Function(lambda *values: max(map(to_float, values)), 1, MANY),
    "minf": Function(lambda *values: min(map(to_float, values)), 1, MANY),
    "ceil": Function(lambda value: float(math.ceil(to_float(value))), 1, 1),
    "floor": Function(lambda value: float(math.floor(to_float(value))), 1, 1),
    "round": Function(round_half, 2, 3),
    "bytes": Function(_go_value(lambda text: float(gonumber.parse_size(text))), 1, 1, "s"),
    "duration": Function(_go_value(lambda text: gonumber.parse_duration(text) / 1e9), 1, 1, "s"),
    "duration_seconds": Function(
        _go_value(lambda text: gonumber.parse_duration(text) / 1e9), 1, 1, "s"
    ),
    # time
    "now": Function(lambda: GoTime(time.time_ns()), 0, 0),
    "date": Function(_date, 2, 2, "s*"),
    "toDate": Function(_to_date, 2, 2, "s"),
    "toDateInZone": Function(_to_date_in_zone, 3, 3, "s"),
    "unixToTime": Function(_unix_to_time, 1, 1, "s"),
    "unixEpoch": Function(lambda moment: str(moment.nanoseconds // gotime.SECOND), 1, 1, "t"),
    "unixEpochMillis": Function(lambda moment: str(moment.nanoseconds // 10**6), 1, 1, "t"),
    "unixEpochNanos": Function(lambda moment: str(moment.nanoseconds), 1, 1, "t"),
}
