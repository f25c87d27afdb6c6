"""Idempotency keys: the same request sent twice is carried out once and answered twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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


@dataclass(slots=True)
class _Known:
    """A key: what was asked, and the work that is under way or what came of it."""

    asked: object
    work: asyncio.Future[Any] | None
    told: Any = None


class Idempotency:
    """Remembers what was answered to each of the latest keys."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._keys: OrderedDict[str, _Known] = OrderedDict()

    async def once(self, key: str, asked: object, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work of a key once; who comes meanwhile or later gets the same.

        Raise Conflict where the key belongs to another request. Work that raises is forgotten.
        """
        if not key:
            return await work()
        known = self._keys.get(key)
        if known is None:
            known = self._keys[key] = _Known(asked, asyncio.ensure_future(work()))
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
        if known.asked != asked:
            raise Conflict("This idempotency key belongs to another request.")
        if known.work is not None:
            try:
                known.told = await asyncio.shield(known.work)
            except Exception:
                self._keys.pop(key, None)
                raise
            known.work = None  # a task holds on to all of its request
        return cast("T", known.told)
