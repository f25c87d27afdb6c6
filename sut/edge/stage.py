"""What a toxic does to one direction of one connection: when each piece of it is due."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from enum import Enum

from sut.edge.toxic import Toxic


class Mark(Enum):
    """What can come on a stream beside bytes."""

    END = "the source has no more to say"
    CLOSE = "both sides are closed"
    RESET = "both sides are reset"


Data = bytes | Mark
Piece = tuple[float, Data]
"""The moment at which something is due, on the loop's clock, and what it is."""

BANDWIDTH_SLICE_SECONDS = 0.1
"""A narrow line gives bytes in slices as long as this, not a chunk at a time."""


class Stage:
    """Passes everything on when it comes; the stages of a direction stand one behind the other."""

    timing = True
    """It only says when: what waits can be timed again when another stage goes."""
    swallows = False
    """It loses bytes, so that a connection cannot be used any more once it has been there."""
    alone = False
    """Its pieces are not sent together."""

    def begin(self, _now: float) -> Iterator[Piece]:
        """Return what comes of being put on, before any bytes."""
        return iter(())

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        """Return what becomes of something that is due here at this moment."""
        yield due, data

    def forget(self) -> None:
        """Take back what was planned: it is going to be planned again."""


class Delay(Stage):
    """Holds everything for `seconds`, give or take up to `jitter` seconds."""

    def __init__(self, seconds: float, jitter: float, chance: random.Random) -> None:
        self._seconds = seconds
        self._jitter = jitter
        self._chance = chance

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        seconds = self._seconds
        if self._jitter:
            seconds = max(0.0, seconds + self._chance.uniform(-self._jitter, self._jitter))
        yield due + seconds, data


class Loss(Stage):
    """Has a share of the chunks come a retransmission timeout later; those behind them wait."""

    def __init__(self, ratio: float, seconds: float, chance: random.Random) -> None:
        self._ratio = ratio
        self._seconds = seconds
        self._chance = chance

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        lost = self._chance.random() < self._ratio
        yield due + self._seconds if lost else due, data


class Bandwidth(Stage):
    """Lets so many bytes a second pass."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        self._free = max(self._free, due)
        if isinstance(data, Mark):
            yield self._free, data
            return
        size = max(1, int(self._rate * BANDWIDTH_SLICE_SECONDS))
        for start in range(0, len(data), size):
            part = data[start : start + size]
            self._free += len(part) / self._rate
            yield self._free, part

    def forget(self) -> None:
        self._free = 0.0


class SlowClose(Stage):
    """Has the end of the stream come late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        yield due + self._seconds if data is Mark.END else due, data


class Slicer(Stage):
    """Cuts bytes into slices about as long as `size`, and waits after each."""

    timing = False
    alone = True

    def __init__(self, size: int, variation: int, seconds: float, chance: random.Random) -> None:
        self._size = size
        self._variation = variation
        self._seconds = seconds
        self._chance = chance

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        if isinstance(data, Mark):
            yield due, data
            return
        start = 0
        while start < len(data):
            end = start + self._size + self._chance.randint(-self._variation, self._variation)
            yield due, data[start:end]
            start = end
            due += self._seconds


class Limit(Stage):
    """Closes the connection when so many bytes have passed; what is beyond them is lost."""

    timing = False

    def __init__(self, size: int) -> None:
        self._left = size
        self._spent = False

    def plan(self, due: float, data: Data) -> Iterator[Piece]:
        if self._spent:
            return
        if isinstance(data, bytes):
            data = data[: self._left]
            self._left -= len(data)
            if data:
                yield due, data
            self._spent = self._left == 0
            if self._spent:
                yield due, Mark.CLOSE
        else:
            yield due, data


class BlackHole(Stage):
    """Loses everything; closes the connection after so many seconds, with none never."""

    timing = False
    swallows = True

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def begin(self, now: float) -> Iterator[Piece]:
        if self._seconds:
            yield now + self._seconds, Mark.CLOSE

    def plan(self, _due: float, _data: Data) -> Iterator[Piece]:
        return iter(())


class Reset(Stage):
    """Answers the first bytes with a reset, so many seconds later."""

    timing = False

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._spent = False

    def plan(self, due: float, _data: Data) -> Iterator[Piece]:
        if not self._spent:
            self._spent = True
            yield due + self._seconds, Mark.RESET


def stage_of(toxic: Toxic, chance: random.Random) -> Stage | None:
    """Return what a toxic does to a connection it is on; None where it acts on something else."""
    make = _STAGES.get(toxic.type)
    return make(toxic, chance) if make else None


_STAGES: dict[str, Callable[[Toxic, random.Random], Stage]] = {
    "latency": lambda t, c: Delay(t.amount("latency") / 1e3, t.amount("jitter") / 1e3, c),
    "loss": lambda t, c: Loss(t.amount("ratio"), t.amount("retransmit") / 1e3, c),
    "bandwidth": lambda t, _: Bandwidth(t.amount("rate") * 1e3),
    "slow_close": lambda t, _: SlowClose(t.amount("delay") / 1e3),
    "slicer": lambda t, c: Slicer(
        int(t.amount("average_size")), int(t.amount("size_variation")), t.amount("delay") / 1e6, c
    ),
    "limit_data": lambda t, _: Limit(int(t.amount("bytes"))),
    "timeout": lambda t, _: BlackHole(t.amount("timeout") / 1e3),
    "reset_peer": lambda t, _: Reset(t.amount("timeout") / 1e3),
}
