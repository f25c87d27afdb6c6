"""A trace: one request's way through the services, as a tree of spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Attribute = str | int | float | bool
_NANO = 1_000_000_000


@dataclass(frozen=True)
class Event:
    """Something that happened within a span; `at` is nanoseconds since the epoch."""

    at: int
    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """One piece of work: `start` in nanoseconds since the epoch, `duration` in seconds."""

    span_id: str
    parent_id: str
    service: str
    name: str
    kind: str
    start: int
    duration: float
    status: str = "unset"
    message: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    resource: Mapping[str, Attribute] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    children: tuple[Span, ...] = ()

    @property
    def end(self) -> int:
        """Nanoseconds since the epoch."""
        return self.start + round(self.duration * _NANO)

    @property
    def failed(self) -> bool:
        return self.status == "error"

    @property
    def self_time(self) -> float:
        """Seconds in which no child ran: what the span did itself, or waited for."""
        busy, until = 0, self.start
        for child in sorted(self.children, key=lambda child: child.start):
            begin, end = max(child.start, until), min(child.end, self.end)
            busy += max(end - begin, 0)
            until = max(until, end)
        return max(self.duration - busy / _NANO, 0.0)

    def walk(self) -> Iterator[Span]:
        """Yield this span and all below it, parents first."""
        waiting = [self]
        while waiting:
            span = waiting.pop()
            yield span
            waiting += reversed(span.children)

    def __repr__(self) -> str:
        return f"<Span {self.service} {self.name} {self.duration * 1000:.1f} ms>"


@dataclass(frozen=True, repr=False)
class Trace:
    """A whole trace; `roots` is one span, or several where parents are not there yet.

    In a notebook it shows itself as a waterfall; `print(trace.waterfall())` is the same in text.
    """

    trace_id: str
    roots: tuple[Span, ...]

    @classmethod
    def of(cls, trace_id: str, spans: Iterable[Span]) -> Trace:
        """Put loose spans into a tree, by their start. A span of an unknown parent is a root."""
        loose = {span.span_id: span for span in spans}
        below: dict[str, list[Span]] = {}
        for span in sorted(loose.values(), key=lambda span: (span.start, span.span_id)):
            below.setdefault(span.parent_id if span.parent_id in loose else "", []).append(span)
        reached = _reached(below, "")
        while lost := loose.keys() - set(reached):  # a circle: cut it at its earliest span
            first = min((loose[name] for name in lost), key=lambda span: span.start)
            below[first.parent_id].remove(first)
            below.setdefault("", []).append(first)
            reached = _reached(below, "")
        grown: dict[str, Span] = {}
        for name in reversed(reached):
            children = tuple(grown[child.span_id] for child in below.get(name, ()))
            grown[name] = replace(loose[name], children=children)
        return cls(trace_id, tuple(grown[root.span_id] for root in below.get("", ())))

    def walk(self) -> Iterator[Span]:
        """Yield every span, parents first."""
        for root in self.roots:
            yield from root.walk()

    @property
    def start(self) -> int:
        """Nanoseconds since the epoch; 0 for a trace without spans."""
        return min((span.start for span in self.walk()), default=0)

    @property
    def duration(self) -> float:
        """Seconds from the first start to the last end."""
        return (max((span.end for span in self.walk()), default=0) - self.start) / _NANO

    @property
    def services(self) -> tuple[str, ...]:
        """The services it went through, in the order it reached them."""
        return tuple(dict.fromkeys(span.service for span in self.walk()))

    def summary(self) -> str:
        """Return one line: what, how long, how many spans, services and errors."""
        from obstack_lab.query.waterfall import duration

        spans = list(self.walk())
        errors = sum(span.failed for span in spans)
        what = f"{self.roots[0].service} {self.roots[0].name}" if self.roots else "no spans"
        counts = [
            _count(len(spans), "span"),
            _count(len(self.services), "service"),
            _count(errors, "error"),
        ]
        return f"{what} · {duration(self.duration)} · {', '.join(counts)}"

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id} {self.summary()}>"

    def waterfall(self, width: int = 100) -> str:
        """Return the waterfall as text, `width` characters wide."""
        from obstack_lab.query import waterfall

        return waterfall.text(self, width)

    def _repr_html_(self) -> str:
        from obstack_lab.query import waterfall

        return waterfall.html(self)

    def figure(self) -> Any:
        """Return the waterfall as a plotly figure."""
        from obstack_lab.query import waterfall

        return waterfall.figure(self)

    def frame(self) -> pd.DataFrame:
        """Return one row a span, parents first: `time`, durations in seconds, who, attributes.

        Attributes keep their names; one that a span does not have is missing (`isna()`).
        """
        from obstack_lab.query import frame

        spans = list(self.walk())
        columns: dict[str, list[Any]] = {
            "duration": [span.duration for span in spans],
            "self_time": [span.self_time for span in spans],
            "service": [span.service for span in spans],
            "name": [span.name for span in spans],
            "kind": [span.kind for span in spans],
            "status": [span.status for span in spans],
            "message": [span.message for span in spans],
            "span_id": [span.span_id for span in spans],
            "parent_id": [span.parent_id for span in spans],
        }
        for name in sorted({name for span in spans for name in span.attributes}):
            column = f"attribute_{name}" if name in {"time", *columns} else name
            columns[column] = [span.attributes.get(name) for span in spans]
        return frame.table(columns, nanoseconds=[span.start for span in spans])


def _reached(below: Mapping[str, list[Span]], top: str) -> list[str]:
    """Return the ids of all spans below `top`, parents before their children."""
    found: list[str] = []
    waiting = [top]
    while waiting:
        children = [span.span_id for span in below.get(waiting.pop(), ())]
        found += children
        waiting += children
    return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
