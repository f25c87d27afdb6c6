"""The lag of the event loop is the greatest of the last two seconds."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import CollectorRegistry, Gauge

from sut.loop import EVERY_SECONDS, REMEMBERED, LoopLag
from sut.retry import pause


def test_the_greatest_lag_is_shown_until_it_is_old() -> None:
    gauge = Gauge("lag", "Lag.", registry=CollectorRegistry())
    lag = LoopLag(gauge)

    def shown() -> float:
        return gauge.collect()[0].samples[0].value  # type: ignore[no-any-return]

    for late in (0.01, 0.4, -0.001):
        lag.note(late)
    assert shown() == 0.4
    for _ in range(REMEMBERED):
        lag.note(0.02)
    assert shown() == 0.02


def test_a_handler_that_does_not_give_way_is_noticed() -> None:
    gauge = Gauge("lag", "Lag.", registry=CollectorRegistry())

    async def play() -> None:
        lag = LoopLag(gauge)
        await lag.open()
        until = time.monotonic() + 3 * EVERY_SECONDS
        while time.monotonic() < until:
            continue
        deadline = time.monotonic() + 20
        while not gauge.collect()[0].samples[0].value and time.monotonic() < deadline:
            await pause(0.01)
        await lag.close()

    asyncio.run(play())
    assert gauge.collect()[0].samples[0].value > EVERY_SECONDS
