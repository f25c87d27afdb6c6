"""Query parameters, read and refused the way Tempo does."""

from __future__ import annotations

import re
from collections.abc import Mapping

from obstack_lab.telemetry.tempo.planner import Window
from obstack_lab.telemetry.traceql.static import parse_duration

MOST_SPANS_PER_SET = 100
DEFAULT_LIMIT = 20
DEFAULT_SPANS_PER_SET = 3
LONGEST_SEARCH = 168 * 3600
SECOND = 10**9


class BadRequest(ValueError):
    """A parameter cannot be used; the message is the whole text of the answer."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def unsigned(text: str, *, bits: int = 32, call: str = "ParseUint") -> int:
    """Return a whole number; raises BadRequest with Go's words."""
    if not re.fullmatch(r"[0-9]+", text):
        raise BadRequest(f'strconv.{call}: parsing "{text}": invalid syntax')
    number = int(text)
    if number >= 2**bits:
        raise BadRequest(f'strconv.{call}: parsing "{text}": value out of range')
    return number


def signed(text: str, *, call: str = "ParseInt") -> int:
    """Return a whole number of 64 bits with a sign; raises BadRequest with Go's words."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise BadRequest(f'strconv.{call}: parsing "{text}": invalid syntax')
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise BadRequest(f'strconv.{call}: parsing "{text}": value out of range')
    return number


def _named(name: str, text: str) -> int:
    try:
        return unsigned(text)
    except BadRequest as error:
        raise BadRequest(f"invalid {name}: {error}") from error


def search_limit(parameters: Mapping[str, str]) -> int:
    """Return how many traces are wanted."""
    text = parameters.get("limit", "")
    if not text:
        return DEFAULT_LIMIT
    limit = _named("limit", text)
    if limit == 0:
        raise BadRequest("invalid limit: must be a positive number")
    return limit


def spans_per_set(parameters: Mapping[str, str]) -> int:
    """Return how many spans of a set are wanted; 0 means the default."""
    text = parameters.get("spss", "")
    if not text:
        return DEFAULT_SPANS_PER_SET
    number = _named("spss", text)
    if number > MOST_SPANS_PER_SET:
        raise BadRequest(f"spans per span set exceeds {MOST_SPANS_PER_SET}. received {number}")
    return number or DEFAULT_SPANS_PER_SET


def search_window(parameters: Mapping[str, str]) -> Window | None:
    """Return the seconds between start and end, or None where neither is given."""
    start = _named("start", parameters["start"]) if parameters.get("start") else 0
    end = _named("end", parameters["end"]) if parameters.get("end") else 0
    if start == end == 0 and not (parameters.get("start") and parameters.get("end")):
        return None
    if start >= end:
        raise BadRequest(
            f"http parameter start must be before end. received start={start} end={end}"
        )
    check_range(start, end)
    return Window(start * SECOND, end * SECOND)


def check_range(start: int, end: int) -> None:
    """Refuse a range that is longer than a search may be."""
    if end - start > LONGEST_SEARCH:
        raise BadRequest(
            f"range specified by start and end exceeds {LONGEST_SEARCH // 3600}h0m0s. "
            f"received start={start} end={end}"
        )


def tags_window(parameters: Mapping[str, str]) -> Window | None:
    """Return the window of a request for tags or values."""
    texts = parameters.get("start", ""), parameters.get("end", "")
    if not any(texts):
        return None
    if not all(texts):
        raise BadRequest(
            "error parsing date range: only one of start and end provided: "
            "must provide both or neither"
        )
    numbers = []
    for name, text in zip(("start", "end"), texts, strict=True):
        try:
            numbers.append(signed(text))
        except BadRequest as error:
            raise BadRequest(
                f"error parsing date range: could not parse '{name}' parameter: {error}"
            ) from error
    start, end = numbers
    if start > end:
        raise BadRequest(
            f"range specified by start and end exceeds {LONGEST_SEARCH // 3600}h0m0s. "
            f"received start={start} end={end}"
        )
    check_range(start, end)
    return Window(start * SECOND, end * SECOND)


def values_limit(parameters: Mapping[str, str]) -> int:
    """Return how many values are wanted; 0 is all."""
    text = parameters.get("limit", "")
    return _named("limit", text) if text else 0


def trace_times(parameters: Mapping[str, str]) -> None:
    """Check start, end and the other parameters of a trace by id; they do not filter."""
    numbers = {}
    for name in ("start", "end"):
        text = parameters.get(name, "")
        if text:
            try:
                numbers[name] = signed(text)
            except BadRequest as error:
                raise BadRequest(f"invalid {name}: {error}") from error
    mode = parameters.get("mode", "")
    if mode not in ("", "all", "blocks", "ingesters", "recent", "external"):
        raise BadRequest(f"invalid value for mode {mode}")
    for name in ("blockStart", "blockEnd"):
        text = parameters.get(name, "")
        if text and not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
            raise BadRequest(
                f"invalid value for {name.lower()}: invalid UUID length: {len(text)}"
                if len(text) != 36
                else f"invalid value for {name.lower()}: invalid UUID format"
            )
    if len(numbers) == 2 and numbers["start"] >= numbers["end"]:
        raise BadRequest(
            "http parameter start must be before end. received "
            f"start={numbers['start']} end={numbers['end']}"
        )


def trace_identity(text: str) -> int:
    """Return the number of a trace id in hexadecimal digits of any case."""
    for position, char in enumerate(text, 1):
        if char not in "0123456789abcdefABCDEF":
            raise BadRequest(
                "trace IDs can only contain hex characters: "
                f"invalid character '{char}' at position {position}"
            )
    if len(text) > 32:
        raise BadRequest("trace IDs can't be larger than 128 bits")
    return int(text or "0", 16)


def duration(parameters: Mapping[str, str], name: str) -> int:
    """Return a duration's nanoseconds, 0 where it is not given."""
    text = parameters.get(name, "")
    if not text:
        return 0
    if text == "0":
        return 0
    sign = -1 if text[:1] == "-" else 1
    number = (
        parse_duration(text.lstrip("+-")) if re.search(r"[0-9](ns|us|µs|ms|s|m|h)$", text) else None
    )
    if number is None:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+", text):
            raise BadRequest(f'invalid {name}: time: missing unit in duration "{quoted}"')
        raise BadRequest(f'invalid {name}: time: invalid duration "{quoted}"')
    return sign * number
