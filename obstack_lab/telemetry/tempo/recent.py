"""The newest traces in memory, decoded once: most searches end at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from sys import intern

from obstack_lab.telemetry.tempo.record import Plain, Record
from obstack_lab.telemetry.traceql.span import Trace

MOST_SPANS = 12_000
MOST_SIGNS = 8_000_000
"""How much is kept, counted in spans and in the text of their bodies."""

_LAYER_BITS = 20
_LAYER_SIZE = 100_000
_SHIFTS = (0, 21, 42)

_WRITTEN: dict[str, Plain] = {}
"""Attributes of a record once its columns are written: its body has them too."""

Identity = tuple[int, int]
"""The high and the low half of a trace's id."""


@dataclass(slots=True)
class _Held:
    records: list[Record] = field(default_factory=list)
    trace: Trace | None = None


class Gone:
    """Remembers which traces may have spans in the database alone; it errs on that side."""

    def __init__(self, lows: Iterable[int] = ()) -> None:
        self._layers = [bytearray(1 << (_LAYER_BITS - 3))]
        self._number = 0
        for low in lows:
            self.add(low)

    def add(self, low: int) -> None:
        """Remember a trace by the low half of its id."""
        if self._number >= _LAYER_SIZE:
            self._layers.append(bytearray(1 << (_LAYER_BITS - 3)))
            self._number = 0
        self._number += 1
        layer = self._layers[-1]
        for byte, bit in _places(low):
            layer[byte] |= bit

    def __contains__(self, low: int) -> bool:
        places = _places(low)
        return any(all(layer[byte] & bit for byte, bit in places) for layer in self._layers)


def _places(low: int) -> list[tuple[int, int]]:
    mask = (1 << _LAYER_BITS) - 1
    numbers = [low >> shift & mask for shift in _SHIFTS]
    return [(number >> 3, 1 << (number & 7)) for number in numbers]


class RecentTraces:
    """Traces of which every span is here, by their ids, the one that came first in front."""

    def __init__(self, gone: Gone) -> None:
        self._gone = gone
        self._held: dict[Identity, _Held] = {}
        self._spans = 0
        self._signs = 0
        self._lock = threading.Lock()

    def add(self, records: Iterable[Record]) -> None:
        """Take spans in that the database has not had before."""
        with self._lock:
            for record in records:
                identity = (record.trace_id >> 64, record.trace_id & (1 << 64) - 1)
                held = self._held.get(identity)
                if held is None:
                    if identity[1] in self._gone:
                        continue
                    self._held[identity] = held = _Held()
                record.attributes = _WRITTEN
                record.name = intern(record.name)
                held.records.append(record)
                held.trace = None
                self._spans += 1
                self._signs += len(record.body)
            while self._spans > MOST_SPANS or self._signs > MOST_SIGNS:
                self._let_go(next(iter(self._held)))

    def records(self, identity: Identity) -> list[Record]:
        """Return all spans of a trace in the order of their arrival; none where it is not here."""
        with self._lock:
            held = self._held.get(identity)
            return [] if held is None else list(held.records)

    def trace(self, identity: Identity, build: Callable[[list[Record]], Trace]) -> Trace | None:
        """Return a trace, made of its spans when it is first asked for."""
        held = self._held.get(identity)
        if held is None:
            return None
        trace = held.trace
        if trace is None:
            with self._lock:
                trace = held.trace = build(held.records)
        return trace

    def drop(self, deleted: Callable[[Record], bool]) -> None:
        """Let go of the traces that the database has lost spans of."""
        with self._lock:
            for identity, held in list(self._held.items()):
                if any(map(deleted, held.records)):
                    self._let_go(identity)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            for identity in list(self._held):
                self._let_go(identity)

    def _let_go(self, identity: Identity) -> None:
        held = self._held.pop(identity)
        self._gone.add(identity[1])
        self._spans -= len(held.records)
        self._signs -= sum(len(record.body) for record in held.records)
