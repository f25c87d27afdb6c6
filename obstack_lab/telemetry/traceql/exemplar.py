"""Exemplars: for samples of a series, a span that was counted, so that a graph leads to a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from obstack_lab.telemetry.traceql.static import Value

Key: TypeAlias = tuple[tuple[type, Value], ...]
"""A group: each value with its type, since 200, 200.0 and true are different groups."""

Item = TypeVar("Item")

MOST = 100
"""How many an answer carries at most, and without being asked."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A span that a sample counts; times in nanoseconds."""

    trace_id: str
    moment: int
    interval: int
    value: float | None = None
    """What was measured; None where spans are only counted."""


@dataclass(slots=True)
class Exemplars:
    """One span for each group, interval and, where values are put in buckets, power of two."""

    found: dict[Key, dict[int, dict[int, Exemplar]]] = field(default_factory=dict)

    def offer(self, key: Key, exemplar: Exemplar, size: int = 0) -> None:
        """Take the first of each place."""
        cells = self.found.setdefault(key, {}).setdefault(exemplar.interval, {})
        cells.setdefault(size, exemplar)

    def of(self, key: Key, size: int | None = None) -> list[Exemplar]:
        """Return a group's, one an interval: of this power of two, or of the least."""
        return list(self._chosen(key, size))

    def _chosen(self, key: Key, size: int | None) -> Iterator[Exemplar]:
        for _, cells in sorted(self.found.get(key, {}).items()):
            if size is None:
                yield cells[min(cells)]
            elif size in cells:
                yield cells[size]

    def near(self, key: Key, values: dict[int, float]) -> list[Exemplar]:
        """Return for each interval the one whose bucket holds this value."""
        out = []
        for interval, cells in sorted(self.found.get(key, {}).items()):
            value = values.get(interval, 0.0)
            fitting = [size for size in cells if size >= value] or [max(cells)]
            out.append(cells[min(fitting)])
        return out


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]
