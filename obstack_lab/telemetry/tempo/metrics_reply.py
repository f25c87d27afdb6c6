"""`/api/metrics/query_range` and `/api/metrics/query`: their parameters and their answers."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from obstack_lab.telemetry.tempo.answer import any_value, double
from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.traceql.errors import ParseFailure, TraceQLError
from obstack_lab.telemetry.traceql.exemplar import MOST, Exemplar, spread
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.series import Intervals, Series
from obstack_lab.telemetry.traceql.static import Value, format_duration, parse_duration
from obstack_lab.telemetry.traceql.syntax import MetricsNode
from obstack_lab.telemetry.traceql.validator import validate

SECOND = 10**9
LONGEST = 24 * 3600 * SECOND
MOST_INTERVALS = 10_000
REMOTE = "rpc error: code = Code(400) desc = "

Hints: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Range:
    """From when to when, in nanoseconds."""

    start: int
    end: int


def metrics_of(text: str, *, instant: bool) -> tuple[MetricsNode, Hints]:
    """Return the tree of a metrics query and its hints; raises BadRequest with Tempo's prefixes."""
    prefix = "compiling query: "
    if not text:
        told = "parse error : syntax error: unexpected $end"
        raise BadRequest(prefix + told if instant else told)
    try:
        query = parse(text)
    except ParseFailure as error:
        raise BadRequest(f"{prefix if instant else ''}{error}") from error
    if query.metrics is None:
        raise BadRequest(f"{prefix if instant else ''}not a metrics query")
    try:
        validate(query)
    except TraceQLError as error:
        raise BadRequest(f"{prefix}{error}") from error
    return query.metrics, query.hints


def time_range(given: Mapping[str, str], *, prefix: str) -> Range:
    """Return the range asked for: start and end, or `since` before the end, an hour by default."""
    now = time.time_ns()
    end = _moment(given, "end", now, prefix)
    since = 3600 * SECOND
    if given.get("since"):
        parsed = parse_duration(given["since"])
        if parsed is None:
            raise BadRequest(f"{prefix}could not parse 'since' parameter: {_not_a(given['since'])}")
        since = parsed
    start = _moment(given, "start", end - since, prefix)
    if end <= start:
        raise BadRequest(f"{prefix}end must be greater than start")
    if end - start > LONGEST:
        raise BadRequest(
            f"{prefix}range specified by start and end ({format_duration(end - start)}) exceeds "
            f"{format_duration(LONGEST)}. received start={start} end={end}"
        )
    return Range(start, end)


def _moment(given: Mapping[str, str], name: str, default: int, prefix: str) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if re.fullmatch(r"[0-9]{1,10}", text):
        return int(text) * SECOND
    if re.fullmatch(r"[0-9]{11,19}", text):
        return int(text)
    if re.fullmatch(r"[0-9]{1,12}\.[0-9]*", text):
        whole, _, fraction = text.partition(".")
        return int(whole) * SECOND + int((fraction + "000")[:3]) * 10**6
    try:
        return int(datetime.fromisoformat(text).timestamp() * SECOND)
    except ValueError:
        raise BadRequest(
            f"{prefix}could not parse '{name}' parameter: "
            f'strconv.ParseInt: parsing "{text}": invalid syntax'
        ) from None


def step_of(given: Mapping[str, str], asked: Range) -> int:
    """Return the step in nanoseconds: given as seconds or a duration, else by the range."""
    text = given.get("step", "")
    if not text:
        return default_step(asked.end - asked.start)
    if re.fullmatch(r"-?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?", text):
        seconds = float(text)
        if not math.isfinite(seconds) or abs(seconds) * SECOND >= 2**63:
            raise BadRequest(
                f'{REMOTE}cannot parse "{text}" to a valid duration. It overflows int64'
            )
        step = int(seconds * SECOND)
    else:
        negative = text.startswith("-")
        parsed = parse_duration(text.removeprefix("-"))
        if parsed is None:
            raise BadRequest(f'{REMOTE}cannot parse "{text}" to a valid duration')
        step = -parsed if negative else parsed
    if step <= 0:
        raise BadRequest(f"{REMOTE}step must be greater than 0")
    return step


def default_step(length: int) -> int:
    """Return the step of a range: about 240 intervals, in round numbers."""
    seconds = length // 240 // SECOND
    if seconds >= 60:
        seconds -= seconds % 60
    return max(seconds, 1) * SECOND


def intervals_of(asked: Range, step: int) -> Intervals:
    """Return the aligned intervals of a range query."""
    first = asked.start // step * step
    count = -(-(asked.end - first) // step) + 1
    if count - 1 > MOST_INTERVALS:
        raise BadRequest(
            f"{REMOTE}exceeded the maximum of {MOST_INTERVALS} intervals: {count - 1}. "
            "Try a larger step or a shorter range"
        )
    return Intervals(first, step, count)


def instant_of(asked: Range) -> Intervals:
    """Return the one interval of an instant query."""
    return Intervals(asked.end, asked.end - asked.start, 1)


def _not_a(text: str) -> str:
    return f'not a valid duration string: "{text}"'


def exemplars_of(given: Mapping[str, str], hints: Hints) -> int:
    """Return how many exemplars are wanted; only the query's hint turns them off."""
    if hints.get("exemplars") is False:
        return 0
    text = given.get("exemplars", "")
    return min(int(text), MOST) if re.fullmatch(r"0*[1-9][0-9]{0,8}", text) else MOST


def range_document(
    series: list[Series], intervals: Intervals, *, exemplars: int = 0
) -> dict[str, Any]:
    """Return the answer of a range query, with about so many exemplars."""
    out = []
    share = max(1, exemplars // max(1, len(series)))
    left = exemplars
    for one in series:
        samples = []
        for at in sorted(one.points):
            moment = (intervals.first + at * intervals.step) // 10**6
            samples.append({"timestampMs": str(moment), "value": double(one.points[at])})
        entry = {"labels": _labels(one), "samples": samples}
        chosen = spread(one.exemplars, min(share, left))
        if chosen:
            left -= len(chosen)
            entry["exemplars"] = [_exemplar(one, exemplar) for exemplar in chosen]
        out.append(entry)
    return {"series": out, "metrics": {"completedJobs": 1, "totalJobs": 1}}


def instant_document(series: list[Series]) -> dict[str, Any]:
    """Return the answer of an instant query."""
    document: dict[str, Any] = {"metrics": {"completedJobs": 1, "totalJobs": 1}}
    if series:
        document["series"] = [
            {"labels": _labels(one)} | ({"value": double(value)} if value else {})
            for one in series
            for value in one.points.values()
        ]
    return document


def _exemplar(one: Series, exemplar: Exemplar) -> dict[str, Any]:
    """Return an exemplar with its trace and its group; where spans are counted, on the line."""
    value = one.points.get(exemplar.interval, 0.0) if exemplar.value is None else exemplar.value
    grouped = [pair for pair in _labels(one) if pair["key"] not in ("__name__", "__bucket", "p")]
    return {
        "labels": [{"key": "trace:id", "value": any_value(exemplar.trace_id)}, *grouped],
        "value": double(value),
        "timestampMs": str(exemplar.moment // 10**6),
    }


def _labels(one: Series) -> list[dict[str, Any]]:
    return [{"key": name, "value": any_value(value)} for name, value in one.labels]
