"""Times, durations and numbers as Loki's HTTP API takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from obstack_lab.telemetry.logql import gonumber
from obstack_lab.telemetry.loki.record import Refused

SECOND = 1_000_000_000
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


def parse_time(text: str, name: str) -> int:
    """Return nanoseconds from float seconds, seconds, nanoseconds or RFC 3339."""
    if "." in text:
        try:
            value = gonumber.parse_float(text)
        except gonumber.GoError:
            value = float("nan")
        if abs(value) < 1e12:
            whole = int(value // 1)
            return whole * SECOND + round((value - whole) * 1000) * 1_000_000
    try:
        number = gonumber.parse_int(text)
    except gonumber.GoError as error:
        moment = _rfc3339(text)
        if moment is None:
            raise Refused(f"could not parse '{name}' parameter: {error}") from error
        return moment
    return number * SECOND if len(text) <= 10 else number


def _rfc3339(text: str) -> int | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    except ValueError:
        return None
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return delta // timedelta(seconds=1) * SECOND + int((fraction or "0").ljust(9, "0")[:9])


def parse_step(text: str) -> int:
    """Return nanoseconds from float seconds or a duration."""
    try:
        value = gonumber.parse_float(text) * SECOND
    except gonumber.GoError:
        pass
    else:
        if not abs(value) < 2**63:
            raise Refused(f'cannot parse "{text}" to a valid duration. It overflows int64')
        return int(value)
    try:
        return gonumber.parse_calendar_duration(text)
    except gonumber.GoError as error:
        raise Refused(f'cannot parse "{text}" to a valid duration') from error


def default_step(start: int, end: int) -> int:
    """Return the step that gives about 250 points: a whole number of seconds, one at least."""
    return max((end - start) // (250 * SECOND), 1) * SECOND


Parameters = Callable[[str], str]
"""Gives a request's parameter by name, `''` where it has none."""


def bounds(parameters: Parameters, now: int) -> tuple[int, int]:
    """Return start and end: `since` before the end, one hour by default."""
    end = parse_time(text, "end") if (text := parameters("end")) else now
    since = 3600 * SECOND
    if text := parameters("since"):
        try:
            since = gonumber.parse_calendar_duration(text)
        except gonumber.GoError as error:
            raise Refused(f"could not parse 'since' parameter: {error}") from error
    start = parse_time(text, "start") if (text := parameters("start")) else min(end, now) - since
    return start, end
