"""Requests of somebody who is no user: one kind, at a rate, whatever becomes of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Protocol

from obstack_lab.errors import UsageError
from obstack_lab.load.client import Unreachable
from obstack_lab.load.step import STEPS, Request, Step, choose

_SENDER = "feed"
_MOST = 1000
"""Requests in flight; more are left out, as the flooder's own machine would."""


class Sender(Protocol):
    """What a flood needs of an HTTP client."""

    async def send(
        self, request: Request, *, user: str, traceparent: str, deadline: float
    ) -> tuple[int, bytes]:
        """Return status and body; raise TimeoutError at the deadline, Unreachable without one."""


class Flood:
    """An open loop of its own; begun by a rate, ended by 0."""

    def __init__(self, sender: Sender, *, patience: float, seed: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._sender = sender
        self._patience = patience
        self._random = Random(f"flood {seed}")  # noqa: S311 - a schedule is no secret
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = 0

    def follow(self, step: str, rate: float) -> None:
        """Send this kind of request at this rate from now on. Raises UsageError."""
        if step not in STEPS or STEPS[step].needs:
            known = ", ".join(name for name, each in STEPS.items() if not each.needs)
            raise UsageError(f"'{step}' cannot be flooded. Known: {known}.")
        self.stop()
        if rate:
            self._next(STEPS[step], rate, self._loop.time())

    def stop(self) -> None:
        """Send nothing else; what is in flight ends by itself or with `finish`."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    async def finish(self) -> None:
        """Stop, and drop what is in flight."""
        self.stop()
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _next(self, step: Step, rate: float, last: float) -> None:
        due = last + self._random.expovariate(rate)
        self._timer = self._loop.call_at(due, self._fire, step, rate, due)

    def _fire(self, step: Step, rate: float, due: float) -> None:
        if len(self._tasks) < _MOST:
            task = self._loop.create_task(self._send(step))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._next(step, rate, due)

    async def _send(self, step: Step) -> None:
        choice = choose(self._random, 1 + self._random.randrange(1000))
        traceparent = f"00-{self._random.getrandbits(128) or 1:032x}-{1:016x}-01"
        self.sent += 1
        with suppress(TimeoutError, Unreachable):
            await self._sender.send(
                step.build(choice, ""),
                user=_SENDER,
                traceparent=traceparent,
                deadline=self._loop.time() + self._patience,
            )
