"""A cache serves again, reads once for many, forgets in time, and tells what it did."""

from __future__ import annotations

import asyncio
import gc

import pytest

from sut.cache import Cache, CacheMeter
from sut.environment import Environment
from sut.garbage import Garbage
from sut.metrics import Metrics
from sut.settings import CacheSettings
from sut.telemetry import start_telemetry

ENVIRONMENT = Environment("orders", "1.4.2", 1)


class Source:
    """Something slow to read, and a clock."""

    def __init__(self, **settings: object) -> None:
        self.now = 100.0
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.settings = CacheSettings.model_validate({"cache_ttl": 10, **settings})
        self.meter = CacheMeter(start_telemetry(ENVIRONMENT))
        self.cache: Cache[str] = Cache(
            "things", settings=lambda: self.settings, meter=self.meter, clock=lambda: self.now
        )

    async def read(self) -> str:
        self.reads += 1
        await self.gate.wait()
        return f"read {self.reads}"

    async def get(self, key: str = "a") -> str:
        return await self.cache.get(key, self.read)

    def counted(self, result: str) -> float:
        labels = {"cache": "things", "result": result}
        return self.meter.requests.labels(**labels)._value.get()


def test_an_entry_is_served_until_its_time_is_over() -> None:
    async def play() -> None:
        source = Source()
        assert await source.get() == await source.get() == "read 1"
        source.now += 10
        assert await source.get() == "read 2"
        assert (source.counted("hit"), source.counted("miss")) == (1, 2)

    asyncio.run(play())


def test_without_a_time_nothing_is_kept_or_counted() -> None:
    async def play() -> None:
        source = Source(cache_ttl=0)
        assert [await source.get(), await source.get()] == ["read 1", "read 2"]
        assert source.counted("miss") == 0
        assert source.cache.purge() == 0

    asyncio.run(play())


@pytest.mark.parametrize(("coalesce", "reads"), [("on", 1), ("off", 5)])
def test_those_who_ask_together_wait_for_one_read(coalesce: str, reads: int) -> None:
    async def play() -> None:
        source = Source(cache_coalesce=coalesce)
        source.gate.clear()
        asking = [asyncio.create_task(source.get()) for _ in range(5)]
        await asyncio.wait(asking, timeout=0.01)
        source.gate.set()
        await asyncio.gather(*asking)
        assert source.reads == reads
        assert source.counted("coalesced") == 5 - reads

    asyncio.run(play())


def test_an_error_is_told_to_all_who_wait_and_not_kept() -> None:
    async def play() -> None:
        source = Source()

        async def fail() -> str:
            await source.gate.wait()
            raise ConnectionError

        asking = [asyncio.create_task(source.cache.get("a", fail)) for _ in range(3)]
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(error, ConnectionError) for error in found)
        assert await source.get() == "read 1"

    asyncio.run(play())


def test_one_who_gives_up_does_not_end_the_read_of_the_others() -> None:
    async def play() -> None:
        source = Source()
        source.gate.clear()
        first, second = (asyncio.create_task(source.get()) for _ in range(2))
        await asyncio.wait({first, second}, timeout=0.01)
        first.cancel()
        source.gate.set()
        assert await second == "read 1"

    asyncio.run(play())


def test_the_entries_used_longest_ago_make_room_and_a_purge_drops_all() -> None:
    async def play() -> None:
        source = Source(cache_max_entries=2)
        for key in ("a", "b", "a", "c"):
            await source.get(key)
        before = source.reads
        await source.get("a")
        assert source.reads == before
        await source.get("b")
        assert source.reads == before + 1
        assert source.cache.purge() == 2
        await source.get("a")
        assert source.reads == before + 2

    asyncio.run(play())


def test_collections_are_counted_with_their_time() -> None:
    ticks = iter([1.0, 1.5, 2.0, 2.25])
    garbage = Garbage(clock=lambda: next(ticks))
    for generation in (2, 0):
        garbage.note("start", {"generation": generation})
        garbage.note("stop", {"generation": generation})
    seconds, rounds = (
        {sample.labels["generation"]: sample.value for sample in family.samples}
        for family in garbage.measure()
    )
    assert seconds == {"0": 0.25, "1": 0.0, "2": 0.5}
    assert rounds == {"0": 1, "1": 0, "2": 1}


def test_a_collection_of_this_process_is_seen() -> None:
    garbage, metrics = Garbage(), Metrics()
    garbage.start(metrics)
    try:
        gc.collect()
        assert 'python_gc_collections_total{generation="2"} 1.0' in metrics.expose("")[0].decode()
    finally:
        gc.callbacks.remove(garbage.note)
