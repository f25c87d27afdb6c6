"""Each toxic's effect on one direction of a connection, on a clock that jumps."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from sut.edge.pipe import Pipe
from sut.edge.stage import Mark, Stage, stage_of
from sut.edge.toxic import KINDS, Toxic


class JumpingLoop(asyncio.SelectorEventLoop):
    """Where it would wait for a timer, its clock is there at once."""

    def __init__(self) -> None:
        self._now = 1000.0
        loop = self

        class Selector(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> list[Any]:
                loop._now += timeout or 0.0
                return super().select(0)

        super().__init__(Selector())

    def time(self) -> float:
        return self._now


class Line:
    """A pipe between two ends that only take notes; also its own connection."""

    def __init__(self, *stages: Stage) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.arrived: list[tuple[float, Any]] = []
        self.ended = ""
        self.reading = True
        self.pipe = Pipe(self)
        self.pipe.flow_from(cast("asyncio.Transport", self))
        self.pipe.flow_to(cast("asyncio.Transport", self))
        for number, stage in enumerate(stages):
            self.pipe.put(str(number), stage)

    @property
    def received(self) -> bytes:
        return b"".join(data for _, data in self.arrived if data is not Mark.END)

    def _note(self, what: Any) -> None:
        self.arrived.append((self.loop.time() - self.began, what))

    def is_closing(self) -> bool:
        return bool(self.ended)

    def write(self, data: bytes) -> None:
        self._note(data)

    def write_eof(self) -> None:
        self._note(Mark.END)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def direction_ended(self) -> None:
        return

    def close(self) -> None:
        self.ended = f"closed at {self.loop.time() - self.began:.1f}"

    def reset(self) -> None:
        self.ended = f"reset at {self.loop.time() - self.began:.1f}"


def on_a_line(scenario: Callable[[], Awaitable[None]]) -> None:
    loop = JumpingLoop()
    try:
        loop.run_until_complete(asyncio.wait_for(scenario(), 10_000))
    finally:
        loop.close()


def chance(seed: int = 7) -> random.Random:
    return random.Random(seed)  # noqa: S311 the same each time


def a(kind: str, seed: int = 7, **attributes: float) -> Stage:
    stage = stage_of(Toxic.read(kind, "downstream", 1.0, attributes), chance(seed))
    assert stage
    return stage


def test_without_toxics_bytes_pass_at_once() -> None:
    async def scenario() -> None:
        line = Line()
        line.pipe.feed(b"a")
        line.pipe.feed(Mark.END)
        assert line.arrived == [(0, b"a"), (0, Mark.END)]

    on_a_line(scenario)


def test_latency_holds_each_chunk_and_the_end_without_adding_up() -> None:
    async def scenario() -> None:
        line = Line(a("latency", latency=200))
        line.pipe.feed(b"a")
        await asyncio.sleep(0.1)
        line.pipe.feed(b"b")
        line.pipe.feed(Mark.END)
        await asyncio.sleep(5)
        assert [data for _, data in line.arrived] == [b"a", b"b", Mark.END]
        assert [moment for moment, _ in line.arrived] == pytest.approx([0.2, 0.3, 0.3], abs=0.002)

    on_a_line(scenario)


def test_jitter_differs_both_ways_and_keeps_the_order() -> None:
    async def scenario() -> None:
        moments = []
        for number in range(200):
            line = Line(a("latency", number, latency=100, jitter=50))
            line.pipe.feed(b"x")
            await asyncio.sleep(1)
            moments.append(line.arrived[0][0])
        assert min(moments) < 0.07
        assert max(moments) > 0.13
        assert all(0.049 <= moment <= 0.151 for moment in moments)
        line = Line(a("latency", latency=100, jitter=90))
        for number in range(100):
            line.pipe.feed(bytes([number]))
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        assert line.received == bytes(range(100))

    on_a_line(scenario)


def test_bandwidth_gives_so_many_kilobytes_a_second_evenly() -> None:
    async def scenario() -> None:
        line = Line(a("bandwidth", rate=100))
        line.pipe.feed(bytes(300_000))
        line.pipe.feed(Mark.END)
        await asyncio.sleep(60)
        assert len(line.received) == 300_000
        assert line.arrived[-1] == (pytest.approx(3.0, abs=0.01), Mark.END)
        by_second = [sum(len(d) for t, d in line.arrived[:-1] if t <= s + 0.01) for s in (1, 2)]
        assert by_second == [100_000, 200_000]

    on_a_line(scenario)


def test_a_narrow_line_stops_reading_until_there_is_room() -> None:
    async def scenario() -> None:
        line = Line(a("bandwidth", rate=1000))
        line.pipe.feed(bytes(3_000_000))
        assert not line.reading
        await asyncio.sleep(2.5)
        assert line.reading

    on_a_line(scenario)


def test_slow_close_holds_the_end_alone() -> None:
    async def scenario() -> None:
        line = Line(a("slow_close", delay=3000))
        line.pipe.feed(b"a")
        line.pipe.feed(Mark.END)
        await asyncio.sleep(10)
        assert line.arrived == [(0, b"a"), (pytest.approx(3, abs=0.002), Mark.END)]

    on_a_line(scenario)


def test_a_black_hole_takes_everything_and_closes_only_when_it_goes() -> None:
    async def scenario() -> None:
        line = Line(a("timeout", timeout=0))
        line.pipe.feed(b"a")
        line.pipe.feed(Mark.END)
        await asyncio.sleep(5000)
        assert (line.arrived, line.ended) == ([], "")
        line.pipe.put("0", None)
        assert line.ended

    on_a_line(scenario)


def test_timeout_closes_the_connection_from_which_nothing_got_through() -> None:
    async def scenario() -> None:
        line = Line(a("timeout", timeout=2000))
        line.pipe.feed(b"a")
        await asyncio.sleep(1.9)
        assert not line.ended
        await asyncio.sleep(1)
        assert (line.arrived, line.ended) == ([], "closed at 2.0")

    on_a_line(scenario)


def test_reset_answers_the_first_bytes() -> None:
    async def scenario() -> None:
        line = Line(a("reset_peer", timeout=500))
        await asyncio.sleep(10)
        assert not line.ended, "an idle connection stays"
        line.pipe.feed(b"a")
        line.pipe.feed(b"b")
        await asyncio.sleep(2)
        assert (line.arrived, line.ended) == ([], "reset at 10.5")

    on_a_line(scenario)


def test_slices_are_about_as_long_as_said_and_come_one_after_the_other() -> None:
    async def scenario() -> None:
        line = Line(a("slicer", average_size=100, size_variation=30, delay=10_000))
        payload = chance().randbytes(5000)
        line.pipe.feed(payload)
        await asyncio.sleep(60)
        assert line.received == payload
        sizes = [len(data) for _, data in line.arrived[:-1]]
        assert all(70 <= size <= 130 for size in sizes)
        assert len(set(sizes)) > 5
        assert line.arrived[-1][0] == pytest.approx(0.01 * len(sizes), rel=0.1)

    on_a_line(scenario)


def test_slices_without_a_wait_are_still_written_one_by_one() -> None:
    async def scenario() -> None:
        line = Line(a("slicer", average_size=10))
        line.pipe.feed(b"x" * 30)
        assert line.received == b"x" * 10
        await asyncio.sleep(0.001)
        assert line.received == b"x" * 30

    on_a_line(scenario)


@pytest.mark.parametrize("chunks", [[b"abcdefgh"], [b"abc", b"de", b"fgh"], [b"abcde", b"fgh"]])
def test_limit_data_passes_so_many_bytes_and_closes(chunks: list[bytes]) -> None:
    async def scenario() -> None:
        line = Line(a("limit_data", bytes=5))
        for chunk in chunks:
            line.pipe.feed(chunk)
        assert (line.received, line.ended) == (b"abcde", "closed at 0.0")

    on_a_line(scenario)


def test_lost_chunks_come_a_retransmission_later_and_hold_those_behind_them() -> None:
    async def scenario() -> None:
        line = Line(a("loss", ratio=0.2, retransmit=300))
        sent = []
        for number in range(100):
            sent.append(line.loop.time() - line.began)
            line.pipe.feed(bytes([number]))
            await asyncio.sleep(0.05)
        await asyncio.sleep(5)
        assert line.received == bytes(range(100)), "nothing is lost or overtaken"
        late = [
            moment - at for (moment, _), at in zip(line.arrived, sent, strict=True) if moment > at
        ]
        assert 10 < len(late) < 95
        assert max(late) == pytest.approx(0.3, abs=0.002)
        assert min(late) < 0.29, "one that waited behind a lost one waited less"

    on_a_line(scenario)


def test_toxics_stand_one_behind_the_other() -> None:
    async def scenario() -> None:
        line = Line(
            a("latency", latency=1000), a("bandwidth", rate=10), a("limit_data", bytes=15_000)
        )
        line.pipe.feed(bytes(20_000))
        await asyncio.sleep(60)
        assert len(line.received) == 15_000
        assert line.arrived[0][0] > 1.0
        assert line.ended == "closed at 2.5"

    on_a_line(scenario)


def test_what_waits_because_of_a_toxic_that_goes_waits_no_longer_and_for_others_no_less() -> None:
    async def scenario() -> None:
        line = Line(a("bandwidth", rate=1), a("latency", latency=400))
        line.pipe.feed(bytes(100_000))
        line.pipe.feed(b"end")
        await asyncio.sleep(2)
        line.pipe.put("0", None)
        await asyncio.sleep(0.5)
        assert len(line.received) == 100_003
        assert line.received.endswith(b"end")
        assert line.arrived[-1][0] == pytest.approx(2.4, abs=0.01)

    on_a_line(scenario)


def test_bytes_counted_by_a_limit_are_not_counted_again_when_another_toxic_goes() -> None:
    async def scenario() -> None:
        line = Line(a("limit_data", bytes=8), a("latency", latency=5000))
        line.pipe.feed(b"abcde")
        await asyncio.sleep(1)
        line.pipe.put("1", None)
        line.pipe.feed(b"fghij")
        assert line.received == b"abcdefgh"

    on_a_line(scenario)


def test_what_has_been_decided_happens_though_its_toxic_goes() -> None:
    async def scenario() -> None:
        line = Line(a("reset_peer", timeout=1000))
        line.pipe.feed(b"a")
        line.pipe.put("0", None)
        await asyncio.sleep(2)
        assert line.ended == "reset at 1.0"

    on_a_line(scenario)


def test_bytes_wait_for_the_server_under_every_toxic() -> None:
    async def scenario() -> None:
        line = Line(a("latency", latency=100))
        line.pipe.flow_to(None)
        line.pipe.feed(b"a")
        await asyncio.sleep(3)
        assert line.arrived == []
        line.pipe.flow_to(cast("asyncio.Transport", line))
        assert line.received == b"a"

    on_a_line(scenario)


def test_every_type_of_toxic_is_about_connections_requests_or_the_route() -> None:
    needed = {
        "latency": {"latency": 1},
        "bandwidth": {"rate": 1},
        "slow_close": {"delay": 1},
        "timeout": {"timeout": 1},
        "slicer": {"average_size": 1},
        "limit_data": {"bytes": 1},
        "loss": {"ratio": 0.5},
        "http_error": {"status": 503},
    }
    without = {
        kind
        for kind in KINDS
        if stage_of(Toxic.read(kind, "downstream", 1, needed.get(kind, {})), chance()) is None
    }
    assert without == {"down", "http_error", "http_tamper"}
