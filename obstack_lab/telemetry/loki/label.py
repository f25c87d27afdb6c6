"""Labels, series, and the figures of the index: what a client asks before it queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.gonumber import GoError, format_float, parse_int
from obstack_lab.telemetry.logql.validate import MATCHERS_ONLY, parse, parse_selector
from obstack_lab.telemetry.loki import answer
from obstack_lab.telemetry.loki.record import Refused
from obstack_lab.telemetry.loki.store import LogStore, stream_condition
from obstack_lab.telemetry.loki.stream import Stream
from obstack_lab.telemetry.loki.times import Parameters, bounds, default_step, parse_step

MILLISECOND = 1_000_000
VOLUME = Path(__file__).with_name("volume.sql")
Labels = tuple[tuple[str, str], ...]


class LabelService:
    """Answers from the registry of streams, and volumes from the lines; safe from any thread."""

    def __init__(self, store: LogStore) -> None:
        self.store = store

    def names(self, get: Parameters) -> list[str] | None:
        """Return the label names of the streams in the time, None where there are none."""
        streams = self._streams(get)
        return sorted({name for stream in streams for name in stream.labels}) or None

    def values(self, get: Parameters, name: str) -> list[str] | None:
        """Return the values of a label, None where there are none."""
        streams = self._streams(get)
        return sorted({s.labels[name] for s in streams if name in s.labels}) or None

    def series(self, get: Parameters, matches: Sequence[str]) -> list[dict[str, str]]:
        """Return the label sets that any of the selectors choose."""
        start, end = bounds(get, time.time_ns())
        found: dict[int, dict[str, str]] = {}
        selectors = [_any_matchers(text) for text in matches] or [()]
        for matchers in selectors:
            for stream in self.store.streams.select(matchers, start, end):
                found[stream.id] = stream.labels
        return list(found.values())

    def stats(self, get: Parameters) -> dict[str, int]:
        """Return streams, chunks, entries and bytes that a selector chooses."""
        start, end = bounds(get, time.time_ns())
        streams = self.store.streams.select(selector_of(get("query")).matchers, start, end)
        count = size = 0
        if streams:
            ((count, size),) = self.store.select(
                "SELECT count(*), coalesce(sum(strlen(line)), 0)::BIGINT FROM log_lines "  # noqa: S608 - values are bound
                f"WHERE ts >= ? AND ts <= ? AND {self._among(streams)}",
                [start, end],
            ).fetchall()
        return {"streams": len(streams), "chunks": len(streams), "entries": count, "bytes": size}

    def volume(self, get: Parameters) -> dict[str, Any]:
        """Return the bytes by the selector's labels, the largest first."""
        start, end = bounds(get, time.time_ns())
        totals = self._volumes(get, start, end, 0)
        result = [
            {"metric": dict(labels), "value": [answer.seconds(end), format_float(float(size))]}
            for labels, size in _largest(
                {labels: sum(sizes.values()) for labels, sizes in totals.items()}, _limit(get)
            )
        ]
        return {"resultType": "vector", "result": result}

    def volume_range(self, get: Parameters) -> dict[str, Any]:
        """Return the bytes by the selector's labels and step, stamped with each step's end."""
        start, end = bounds(get, time.time_ns())
        step = parse_step(text) if (text := get("step")) else default_step(start, end)
        if step <= 0:
            raise Refused(
                "zero or negative query resolution step widths are not accepted. "
                "Try a positive integer"
            )
        totals = self._volumes(get, start, end, step)
        if not totals:
            return {"resultType": "vector", "result": []}
        sums = {labels: sum(sizes.values()) for labels, sizes in totals.items()}
        result = [
            {
                "metric": dict(labels),
                "values": [
                    [answer.seconds(moment), format_float(float(size))]
                    for moment, size in sorted(totals[labels].items())
                ],
            }
            for labels, _ in _largest(sums, _limit(get))
        ]
        return {"resultType": "matrix", "result": result}

    def detected_labels(self, get: Parameters) -> dict[str, Any]:
        """Return the labels of the selected streams with how many values each has."""
        values: dict[str, set[str]] = {}
        for stream in self._streams(get):
            for name, value in stream.labels.items():
                values.setdefault(name, set()).add(value)
        if not values:
            return {}
        return {
            "detectedLabels": [
                {"label": name, "cardinality": len(found)} for name, found in values.items()
            ]
        }

    def _among(self, streams: Sequence[Stream]) -> str:
        return stream_condition(streams, len(self.store.streams))

    def _streams(self, get: Parameters) -> list[Stream]:
        start, end = bounds(get, time.time_ns())
        query = get("query")
        matchers = parse_selector(query).matchers if query else ()
        return self.store.streams.select(matchers, start, end)

    def _volumes(
        self, get: Parameters, start: int, end: int, step: int
    ) -> dict[Labels, dict[int, int]]:
        query = get("query") or "{}"
        matchers = () if _is_empty(query) else selector_of(query).matchers
        streams = self.store.streams.select(matchers, start, end)
        if not streams:
            return {}
        targets = [name for name in get("targetLabels").split(",") if name]
        by_series = get("aggregateBy") != "labels"
        named = targets or [matcher.name for matcher in matchers]
        bucket = f"ts // {step}" if step else "0"
        found: dict[Labels, dict[int, int]] = {}
        for number, bucket_number, size in self._sizes(streams, bucket, start, end):
            labels = self.store.streams[number].labels
            everything = not named or (not by_series and not targets)
            chosen = sorted((n, v) for n, v in labels.items() if everything or n in named)
            if not chosen or not labels.keys() >= set(targets):
                continue
            keys: list[Labels] = [tuple(chosen)] if by_series else [((n, ""),) for n, _ in chosen]
            beyond = (int(bucket_number) + 1) * step
            moment = beyond - MILLISECOND if beyond < end else end
            for key in keys:
                sizes = found.setdefault(key, {})
                sizes[moment] = sizes.get(moment, 0) + int(size)
        return found

    def _sizes(
        self, streams: Sequence[Stream], bucket: str, start: int, end: int
    ) -> list[tuple[int, int, int]]:
        """Return stream, bucket and bytes as Loki's chunks count them.

        A line counts its bytes and eight for each pair of metadata; a chunk (here: stream and
        bucket) counts each different name and value of its metadata once.
        """
        where = f"ts >= ? AND ts < ? AND {self._among(streams)}"
        sql = VOLUME.read_text(encoding="utf-8")
        rows = self.store.select(
            sql.replace(":bucket", bucket).replace(":where", where), [start, end, start, end]
        ).fetchall()
        return [(int(number), int(place), int(size)) for number, place, size in rows]


def selector_of(query: str) -> ast.Selector:
    """Return the selector of a query that is nothing else."""
    tree = parse(query)
    if not isinstance(tree, ast.Selector) or tree.stages:
        raise LogqlError(MATCHERS_ONLY)
    return tree


def _is_empty(query: str) -> bool:
    return query.replace(" ", "") == "{}"


def _any_matchers(query: str) -> tuple[ast.Matcher, ...]:
    """Return the matchers of a selector, none for `{}`."""
    return () if _is_empty(query) else parse_selector(query).matchers


def _limit(get: Parameters) -> int:
    text = get("limit")
    if not text:
        return 100
    try:
        return max(parse_int(text, function="Atoi"), 1)
    except GoError as error:
        raise Refused(str(error)) from error


def _largest(sums: dict[Labels, int], limit: int) -> list[tuple[Labels, int]]:
    order: Callable[[tuple[Labels, int]], tuple[int, Labels]] = lambda item: (-item[1], item[0])  # noqa: E731 - typed
    return sorted(sums.items(), key=order)[:limit]
