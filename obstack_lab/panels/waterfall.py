"""A trace as the waterfall draws it: bars, critical path, repeated siblings in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from obstack_lab.lab import words
from obstack_lab.panels.view import Block

if TYPE_CHECKING:
    from obstack_lab.query import Span, Trace

FEW = 3
"""Fewer alike siblings than this stay rows of their own."""
MOST_SPANS = 400
_NANO = 1e9


def view(trace: Trace) -> Block:
    """Return every row of the waterfall, parents first."""
    start, length = trace.start, max(trace.duration, 1e-9)
    path = critical(trace)
    rows: list[Block] = []
    for span, depth, alike in _rows(trace.roots, 0):
        whole = (max(s.end for s in alike) - min(s.start for s in alike)) / _NANO
        rows.append(
            {
                "id": span.span_id,
                "depth": depth,
                "service": span.service,
                "name": span.name,
                "start": round((span.start - start) / _NANO / length, 5),
                "width": round(min(1.0, whole / length), 5),
                "duration": words.duration(sum(s.duration for s in alike)),
                "self": words.duration(sum(s.self_time for s in alike)),
                "error": any(s.failed for s in alike),
                "critical": any(s.span_id in path for s in alike),
                "count": len(alike),
                "attributes": _attributes(span),
            }
        )
    total = sum(1 for _ in trace.walk())
    note = f"{words.duration(trace.duration)}, {total} spans, {len(trace.services)} services"
    if len(rows) > MOST_SPANS:
        note += f", the first {MOST_SPANS} rows"
    return {
        "query": trace.trace_id,
        "title": trace.roots[0].name if trace.roots else "No spans yet",
        "note": note,
        "from": start / _NANO - 1,
        "to": start / _NANO + trace.duration + 1,
        "services": list(trace.services),
        "spans": rows[:MOST_SPANS],
    }


def _rows(spans: Sequence[Span], depth: int) -> Iterator[tuple[Span, int, Sequence[Span]]]:
    for _, run in groupby(spans, key=lambda s: (s.service, s.name, s.failed)):
        alike = list(run)
        if len(alike) >= FEW and not any(s.children for s in alike):
            yield alike[0], depth, alike
            continue
        for span in alike:
            yield span, depth, [span]
            yield from _rows(span.children, depth + 1)


def critical(trace: Trace) -> frozenset[str]:
    """Return the spans that the answer waited for, last one first in time.

    From a span's end backwards: the child that ended last before that moment is on the path, then
    the one that ended last before that child began, and so on down.
    """
    found: set[str] = set()
    waiting = list(trace.roots[:1])
    while waiting:
        span = waiting.pop()
        found.add(span.span_id)
        until = span.end
        for child in sorted(span.children, key=lambda c: c.end, reverse=True):
            if child.end <= until:
                waiting.append(child)
                until = child.start
    return frozenset(found)


def _attributes(span: Span) -> list[list[str]]:
    pairs = {"span": span.span_id, "kind": span.kind}
    if span.message:
        pairs["message"] = span.message
    pairs |= {key: str(value) for key, value in span.attributes.items()}
    if version := span.resource.get("service.version"):
        pairs["service.version"] = str(version)
    for event in span.events:
        said = event.attributes.get("exception.message", "")
        pairs[f"event {event.name}"] = str(said)
    return [[key, value] for key, value in pairs.items() if value]
