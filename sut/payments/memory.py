"""Idempotency keys: the same request sent twice is carried out once and answered twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast

from sut.errors import Conflict

T = TypeVar("T")
MOST = 10_000


class Memory(Protocol):
    """How a release treats idempotency keys."""

    async def once(self, key: str, asked: object, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work gives, or gave when this key was used before."""


class NoMemory:
    """Every request is a new one."""

    async def once(self, key: str, asked: object, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work."""
        del key, asked
        return await work()


class Idempotency:
    """Remembers what was answered to each of the latest keys."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._answers: OrderedDict[str, tuple[object, asyncio.Future[Any]]] = OrderedDict()

    async def once(self, key: str, asked: object, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work of a key once; who comes meanwhile or later gets the same.

        Raise Conflict where the key belongs to another request. Work that raises is forgotten.
        """
        if not key:
            return await work()
        if key not in self._answers:
            self._answers[key] = asked, asyncio.ensure_future(work())
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        known, answer = self._answers[key]
        if known != asked:
            raise Conflict("This idempotency key belongs to another request.")
        try:
            told = cast("T", await asyncio.shield(answer))
        except Exception:
            self._answers.pop(key, None)
            raise
        self._settle(key, asked, answer, told)
        return told

    def _settle(self, key: str, asked: object, answer: asyncio.Future[T], told: T) -> None:
        """Keep what was answered, and not the task: that holds on to all of its request."""
        kept = self._answers.get(key)
        if isinstance(answer, asyncio.Task) and kept and kept[1] is answer:
            settled = asyncio.get_running_loop().create_future()
            settled.set_result(told)
            self._answers[key] = asked, settled
