"""Sends what users intend when they intend it, and writes down what became of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from obstack_lab.load.client import Unreachable
from obstack_lab.load.crowd import Crowd, Intent
from obstack_lab.load.flood import Flood
from obstack_lab.load.lateness import Lateness
from obstack_lab.load.ledger import Outcome
from obstack_lab.load.schedule import Schedule
from obstack_lab.load.step import Request
from obstack_lab.load.taste import Taste
from obstack_lab.load.writer import LedgerWriter
from obstack_lab.scenario.model import Load, LoadPhase

_AHEAD = 0.2
"""Seconds for which arrivals are drawn in advance; another phase begins after them."""
_WALL_JUMP = 2.0
"""Seconds of difference between the clocks that only a suspended machine or a set clock makes."""


class Sender(Protocol):
    """What the generator needs of an HTTP client."""

    async def send(
        self, request: Request, *, user: str, traceparent: str, deadline: float
    ) -> tuple[int, bytes]:
        """Return status and body; raise TimeoutError at the deadline, Unreachable without one."""

    async def close(self) -> None:
        """Drop all connections."""


@dataclass
class Counts:
    """What has become of the arrivals so far."""

    intended: int = 0
    sent: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class Generator:
    """One start of the load: an open loop that never waits for an answer.

    `writer` is asked at each entry, so that the ledger may be another file meanwhile. Everything
    inside is in the loop's time; the ledger gets wall-clock times.
    """

    def __init__(
        self,
        load: Load,
        *,
        patience: float,
        sender: Sender,
        writer: Callable[[], LedgerWriter],
        epoch: float | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self._sender = sender
        self._writer = writer
        self._wall = wall
        self._offset = wall() - self._loop.time()
        self._epoch = epoch
        self._zero = self._loop.time()
        self._schedule = Schedule(load.phases, seed=load.seed)
        self._crowd = Crowd(load, seed=load.seed)
        self.flood = Flood(sender, patience=patience, seed=load.seed)
        self._queue: deque[Intent] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ids = random.SystemRandom()
        self.lateness = Lateness()
        self.counts = Counts()

    @property
    def in_flight(self) -> int:
        """Requests whose outcome is not known yet."""
        return len(self._tasks)

    @property
    def rate(self) -> float:
        """Requests per second that the schedule intends now; 0 when stopped."""
        return self._schedule.rate(self._loop.time() - self._zero) if self._timer else 0.0

    def start(self) -> None:
        """Begin; arrivals before this moment are passed over, as if users had come elsewhere."""
        now = self._loop.time()
        self._zero = now if self._epoch is None else self._epoch - self._offset
        passed = now - self._zero
        for intent in self._crowd.acts(self._schedule.until(passed)):
            if intent.at >= passed:
                self._queue.append(intent)
        self._pace()

    def follow(self, phase: LoadPhase) -> None:
        """Follow another phase from now on; it is in effect within 0.2 s."""
        self._schedule.replace(phase)

    def surge(self, factor: float) -> None:
        """Let so many times as many users come as the schedule says."""
        self._schedule.surge(factor)

    def rush(self, factor: float, seconds: float) -> None:
        """Let so many times as many users come for a while, and then as before."""
        self._schedule.rush(factor, seconds)

    def mix(self, weights: Mapping[str, float]) -> None:
        """Let users begin other journeys than the load says. Raises UsageError."""
        self._crowd.mix(weights)

    @property
    def taste(self) -> Taste:
        """What many users want at once."""
        return self._crowd.taste

    def stop(self) -> None:
        """Let nobody else come; what is in flight goes on."""
        self.flood.stop()
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._queue.clear()

    async def finish(self, *, grace: float) -> int:
        """Wait for what is in flight, then drop the rest; return how many were dropped."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.flood.finish()
        await self._sender.close()
        return len(left)

    def tune_clock(self) -> None:
        """Take the wall clock anew where it has jumped, or the machine has slept."""
        offset = self._wall() - self._loop.time()
        if abs(offset - self._offset) > _WALL_JUMP:
            self._offset = offset

    def _pace(self) -> None:
        """Launch what is due, draw what comes next, and come back for it."""
        now = self._loop.time()
        while self._queue and self._queue[0].at + self._zero <= now:
            self._launch(self._queue.popleft())
        ahead = now - self._zero + _AHEAD
        if self._schedule.horizon < ahead:
            self._queue.extend(self._crowd.acts(self._schedule.until(ahead)))
        back = now + _AHEAD / 2
        if self._queue:
            back = min(back, self._queue[0].at + self._zero)
        self._timer = self._loop.call_at(back, self._pace)

    def _launch(self, intent: Intent) -> None:
        self.counts.intended += 1
        if intent.step.gives:
            intent.walk.results[intent.step.name] = self._loop.create_future()
        task = self._loop.create_task(self._act(intent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _act(self, intent: Intent) -> None:
        """Do one request and write down its outcome, whatever it is."""
        due = intent.at + self._zero
        started = self._loop.time()
        self.lateness.add(started, started - due)
        result = ""
        try:
            needed = await self._needed(intent, due + self._patience)
            if needed is None or self._loop.time() - due >= self._patience:
                self._note(intent, due, Outcome.UNSENT)
                return
            result = await self._send(intent, due, needed)
        finally:
            if intent.step.gives:
                intent.walk.results[intent.step.name].set_result(result)

    async def _needed(self, intent: Intent, deadline: float) -> str | None:
        """Return what an earlier step has brought; None when it brought nothing in time.

        A user whose earlier step is still under way waits for it, on their own patience.
        """
        if not intent.step.needs:
            return ""
        result = intent.walk.results.get(intent.step.needs)
        if result is None:
            return None
        if not result.done():
            await asyncio.wait({result}, timeout=deadline - self._loop.time())
        return (result.result() or None) if result.done() else None

    async def _send(self, intent: Intent, due: float, needed: str) -> str:
        step = intent.step
        trace_id = f"{self._ids.getrandbits(128) or 1:032x}"
        traceparent = f"00-{trace_id}-{self._ids.getrandbits(64) or 1:016x}-01"
        sent = self._loop.time()
        self.counts.sent += 1
        status, result = 0, ""
        try:
            status, body = await self._sender.send(
                step.build(intent.choice, needed),
                user=intent.walk.user,
                traceparent=traceparent,
                deadline=due + self._patience,
            )
        except TimeoutError:
            outcome = Outcome.SLOW
        except Unreachable:
            outcome = Outcome.UNREACHABLE
        else:
            if self._loop.time() - due > self._patience:
                outcome = Outcome.SLOW
            elif status != step.status:
                outcome = Outcome.STATUS
            else:
                good, result = step.judge(body, intent.choice, needed)
                outcome = Outcome.GOOD if good else Outcome.INVALID
        self._note(intent, due, outcome, sent=sent, status=status, trace_id=trace_id)
        return result

    def _note(
        self,
        intent: Intent,
        due: float,
        outcome: Outcome,
        *,
        sent: float | None = None,
        status: int = 0,
        trace_id: str = "",
    ) -> None:
        self.counts.outcomes[outcome.value] += 1
        step = intent.step
        self._writer().write(
            seq=intent.seq,
            user=intent.walk.user,
            journey=intent.walk.journey.id,
            step=step.name,
            method=step.method,
            route=step.route,
            intended=due + self._offset,
            sent=None if sent is None else sent + self._offset,
            latency=self._loop.time() - due,
            status=status,
            outcome=outcome,
            trace_id=trace_id,
        )
