"""One direction of a connection: a queue of bytes, and the moment at which each is due."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from sut.edge.stage import Data, Mark, Piece, Stage

HELD_BYTES = 1 << 20
"""A direction that holds more than this stops reading until some of it is due."""
TICK_SECONDS = 0.0005
"""Timers may come this much early."""


class Ends(Protocol):
    """The connection that a direction belongs to."""

    def direction_ended(self) -> None:
        """Look whether both directions have come to their end."""

    def close(self) -> None:
        """End both sides; what was sent still arrives."""

    def reset(self) -> None:
        """End both sides with a TCP reset."""


class Pipe:
    """Passes bytes straight through where nothing is put on it; else each waits its time in order.

    Delays do not add up: many chunks are under way at once, as on a long wire.
    """

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._loop = asyncio.get_running_loop()
        self._stages: dict[str, Stage] = {}
        self._held: deque[Piece] = deque()
        self._held_bytes = 0
        self._last = 0.0
        self._alone = False
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._full = False
        self._ended = False
        self._finished = False
        self._source: asyncio.Transport | None = None
        self._target: asyncio.Transport | None = None

    @property
    def is_over(self) -> bool:
        """Whether the source has ended and nothing is left that could arrive."""
        return self._finished or (self._ended and not self._held)

    def feed(self, data: Data) -> None:
        """Take bytes, or the end of the stream, from the source."""
        if not self._stages and not self._held and self._target:
            self._pass(data)
            return
        self._ended = self._ended or data is Mark.END
        self._hold(self._planned((self._loop.time(), data), timing_only=False))
        self._go_on()
        if data is Mark.END:
            self._ends.direction_ended()

    def put(self, name: str, stage: Stage | None) -> None:
        """Put a stage on, in the place of the one of that name; None takes it off.

        What waits because of the one that goes waits no longer; a connection that has lost bytes
        to it is closed.
        """
        before = self._stages.pop(name, None) if stage is None else self._stages.get(name)
        if stage is not None:
            self._stages[name] = stage
            self._hold(stage.begin(self._loop.time()))
        self._alone = any(each.alone for each in self._stages.values())
        if before is None:
            self._go_on()
        elif before.swallows:
            self._ends.close()
        else:
            self._plan_again()

    def flow_from(self, source: asyncio.Transport | None) -> None:
        """Name the transport that bytes come from."""
        self._source = source
        if self._full and source and not source.is_closing():
            source.pause_reading()

    def flow_to(self, target: asyncio.Transport | None) -> None:
        """Name the transport that bytes go to, and send what is due already."""
        self._target = target
        self._paused = False
        self._go_on()

    def pause(self, *, paused: bool) -> None:
        """Stop or go on reading because the target cannot, or again can, take more."""
        self._paused = paused
        self._regulate()

    def stop(self) -> None:
        """Forget what is held."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._held.clear()
        self._held_bytes, self._last = 0, 0.0

    def _planned(self, piece: Piece, *, timing_only: bool) -> list[Piece]:
        pieces = [piece]
        for stage in self._stages.values():
            if stage.timing or not timing_only:
                pieces = [part for due, data in pieces for part in stage.plan(due, data)]
        return pieces

    def _plan_again(self) -> None:
        waiting, now = list(self._held), self._loop.time()
        self.stop()
        for stage in self._stages.values():
            stage.forget()
        for due, data in waiting:
            if data is Mark.CLOSE or data is Mark.RESET:
                self._hold([(due, data)])
            else:
                self._hold(self._planned((now, data), timing_only=True))
        self._release()

    def _hold(self, pieces: Iterable[Piece]) -> None:
        for due, data in pieces:
            self._last = max(self._last, due)
            self._held.append((self._last, data))
            if isinstance(data, bytes):
                self._held_bytes += len(data)

    def _go_on(self) -> None:
        """Pass on what is due, unless something before it is not."""
        if self._timer is None:
            self._release()
        else:
            self._regulate()

    def _release(self) -> None:
        self._timer = None
        due_by = self._loop.time() + TICK_SECONDS
        while self._target and self._held and self._held[0][0] <= due_by:
            _, data = self._held.popleft()
            if isinstance(data, bytes):
                self._held_bytes -= len(data)
            self._pass(data)
            if self._alone:
                break
        self._regulate()
        if self._held and self._target:
            self._timer = self._loop.call_at(self._held[0][0], self._release)

    def _pass(self, data: Data) -> None:
        target = self._target
        if target is None or target.is_closing():
            return
        if isinstance(data, bytes):
            target.write(data)
        elif data is Mark.END:
            self._ended = self._finished = True
            target.write_eof()
            self._ends.direction_ended()
        elif data is Mark.CLOSE:
            self._ends.close()
        else:
            self._ends.reset()

    def _regulate(self) -> None:
        full = self._paused or self._held_bytes > HELD_BYTES
        if full == self._full or self._source is None or self._source.is_closing():
            return
        self._full = full
        if full:
            self._source.pause_reading()
        else:
            self._source.resume_reading()
