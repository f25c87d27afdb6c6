"""What was read a moment ago: kept for some seconds, and read once for all who ask at once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from prometheus_client import Counter
from prometheus_client.metrics_core import Metric

from sut.metrics import gauge
from sut.settings import CacheSettings
from sut.telemetry import Telemetry

V = TypeVar("V")


class CacheMeter:
    """How often the caches of a service are asked, and how much they hold."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.requests = Counter(
            "cache_requests",
            "Requests to a cache that is on: hit, miss, or coalesced with another's read.",
            ("cache", "result"),
            registry=telemetry.metrics.registry,
        )
        self._sizes: dict[str, Callable[[], int]] = {}
        telemetry.metrics.watch(self._measure)

    def watch(self, name: str, size: Callable[[], int]) -> None:
        """Tell the number of entries of one more cache."""
        self._sizes[name] = size

    def _measure(self) -> Iterable[Metric]:
        sizes = [({"cache": name}, float(size())) for name, size in self._sizes.items()]
        yield gauge("cache_entries", "Entries that a cache holds.", sizes)


class Cache(Generic[V]):
    """Entries by key; `settings` is read anew for each request, and a TTL of 0 is no cache."""

    def __init__(
        self,
        name: str,
        *,
        settings: Callable[[], CacheSettings],
        meter: CacheMeter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._settings = settings
        self._meter = meter
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._reads: dict[Hashable, asyncio.Task[V]] = {}
        meter.watch(name, lambda: len(self._entries))

    async def get(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return the entry, or what `read` returns; an error of `read` is not kept."""
        settings = self._settings()
        if not settings.cache_ttl:
            return await read()
        entry = self._entries.get(key)
        if entry and self._clock() - entry[0] < settings.cache_ttl:
            self._entries.move_to_end(key)
            self._count("hit")
            return entry[1]
        reading = self._reads.get(key)
        if reading and settings.cache_coalesce == "on":
            self._count("coalesced")
            return await asyncio.shield(reading)
        self._count("miss")
        reading = asyncio.create_task(self._fill(key, read))
        self._reads[key] = reading
        reading.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(reading)

    def purge(self) -> int:
        """Drop every entry and return how many there were."""
        count = len(self._entries)
        self._entries.clear()
        return count

    async def _fill(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        value = await read()
        self._entries[key] = (self._clock(), value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._settings().cache_max_entries:
            self._entries.popitem(last=False)
        return value

    def _forget(self, key: Hashable, done: asyncio.Task[V]) -> None:
        if self._reads.get(key) is done:
            del self._reads[key]
        if not done.cancelled():
            done.exception()

    def _count(self, result: str) -> None:
        self._meter.requests.labels(self.name, result).inc()
