"""Toxics on real connections: what a client sees of each, and that clearing restores the route."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from sut.edge.switchboard import Switchboard

pytestmark = pytest.mark.integration


@dataclass
class Way:
    """A route of an edge and the echo behind it."""

    board: Switchboard
    port: int
    servers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def put(self, kind: str, name: str = "it", **more: object) -> None:
        command = {"op": "toxic", "route": "a-b", "name": name, "type": kind}
        stream, toxicity = more.pop("stream", "downstream"), more.pop("toxicity", 1)
        await self.board.carry_out(
            {**command, "stream": stream, "toxicity": toxicity, "attributes": more}
        )

    async def clear(self, **which: str) -> None:
        await self.board.carry_out({"op": "clear", "route": "a-b", **which})

    async def connections(self) -> int:
        (view,) = (await self.board.carry_out({"op": "routes"}))["routes"]  # type: ignore[misc]
        return int(view["connections"])

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def said(self, payload: bytes) -> bytes:
        """Return all that comes back on a new connection until its end."""
        reader, writer = await self.open()
        writer.write(payload)
        writer.write_eof()
        with contextlib.closing(writer):
            return await reader.read()


@contextlib.asynccontextmanager
async def a_way() -> AsyncIterator[Way]:
    way = Way(Switchboard(), 0)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way.servers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            way.servers.discard(writer)
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    upstream = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    view = await way.board.carry_out({"op": "route", "name": "a-b", "upstream": upstream})
    way.port = int(str(view["listen"]))
    try:
        yield way
    finally:
        await way.board.close()
        server.close()
        await asyncio.sleep(0)


def on_a_way(scenario: Callable[[Way], Awaitable[None]]) -> None:
    async def play() -> None:
        async with asyncio.timeout(30), a_way() as way:
            await scenario(way)

    asyncio.run(play())


async def comes(what: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds; the scenario has a deadline."""
    while not await what():  # noqa: ASYNC110 what it waits for is counted elsewhere
        await asyncio.sleep(0.01)


def test_a_reset_is_a_reset_for_both_sides() -> None:
    async def scenario(way: Way) -> None:
        reader, writer = await way.open()
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        await way.put("reset_peer")
        writer.write(b"b")
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        assert await way.connections() == 0
        await way.clear()
        assert await way.said(b"c") == b"c"

    on_a_way(scenario)


def test_down_refuses_and_cuts_and_the_port_comes_back() -> None:
    async def scenario(way: Way) -> None:
        reader, writer = await way.open()
        writer.write(b"a")
        await reader.readexactly(1)
        for _ in range(2):
            await way.put("down")
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await way.open()
        for _ in range(2):
            await way.clear()
        assert await way.said(b"b") == b"b"

    on_a_way(scenario)


def test_a_black_hole_swallows_answers_until_it_is_cleared_and_then_closes() -> None:
    async def scenario(way: Way) -> None:
        old, new = await way.open(), None
        await way.put("timeout", timeout=0)
        new = await way.open()
        for reader, writer in (old, new):
            writer.write(b"a")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.3)
        await way.clear()
        for reader, writer in (old, new):
            assert await reader.read() == b""
            writer.close()
        assert await way.said(b"b") == b"b"

    on_a_way(scenario)


def test_a_client_that_leaves_a_black_hole_leaves_nothing_behind() -> None:
    async def scenario(way: Way) -> None:
        await way.put("timeout", timeout=0)
        for _ in range(20):
            _, writer = await way.open()
            writer.write(b"a")
            writer.close()

        async def gone() -> bool:
            return await way.connections() == 0 and not way.servers

        await comes(gone)

    on_a_way(scenario)


def test_the_upstream_alone_can_be_a_black_hole_and_its_server_hears_nothing() -> None:
    async def scenario(way: Way) -> None:
        await way.put("timeout", timeout=0, stream="upstream")
        reader, writer = await way.open()
        writer.write(b"a")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        assert len(way.servers) == 1
        writer.close()

    on_a_way(scenario)


def test_timeout_closes_after_its_time() -> None:
    async def scenario(way: Way) -> None:
        await way.put("timeout", timeout=200)
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert await way.said(b"a") == b""
        assert 0.19 <= loop.time() - started < 5

    on_a_way(scenario)


def test_an_answer_is_cut_off_after_its_limit() -> None:
    async def scenario(way: Way) -> None:
        await way.put("limit_data", bytes=1000)
        assert await way.said(bytes(3000)) == bytes(1000)
        assert await way.said(bytes(900)) == bytes(900)
        await way.clear()
        assert await way.said(bytes(3000)) == bytes(3000)

    on_a_way(scenario)


def test_time_grows_with_size_on_a_narrow_line() -> None:
    async def scenario(way: Way) -> None:
        await way.put("bandwidth", rate=500)
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert len(await way.said(bytes(50_000))) == 50_000
        small = loop.time() - started
        assert len(await way.said(bytes(400_000))) == 400_000
        large = loop.time() - started - small
        assert small >= 0.09
        assert 0.78 <= large < 10
        assert large > 3 * small

    on_a_way(scenario)


def test_a_narrow_line_is_wide_again_at_once_when_it_is_cleared() -> None:
    async def scenario(way: Way) -> None:
        await way.put("bandwidth", rate=1)
        waiting = asyncio.create_task(way.said(bytes(500_000)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.3)
        await way.clear()
        assert len(await asyncio.wait_for(waiting, 10)) == 500_000

    on_a_way(scenario)


def test_slow_close_holds_the_end_and_not_the_bytes() -> None:
    async def scenario(way: Way) -> None:
        await way.put("slow_close", delay=1500)
        loop = asyncio.get_running_loop()
        reader, writer = await way.open()
        started = loop.time()
        writer.write(b"a")
        writer.write_eof()
        assert await reader.readexactly(1) == b"a"
        assert loop.time() - started < 1.49
        assert await reader.read() == b""
        assert loop.time() - started >= 1.49
        writer.close()

    on_a_way(scenario)


def test_slices_and_losses_change_no_byte() -> None:
    async def scenario(way: Way) -> None:
        payload = bytes(range(256)) * 200
        await way.put("slicer", "slices", average_size=700, size_variation=300, delay=100)
        await way.put("loss", "losses", stream="upstream", ratio=0.5, retransmit=20)
        assert await way.said(payload) == payload

    on_a_way(scenario)


def test_a_retransmission_makes_two_kinds_of_answers() -> None:
    async def scenario(way: Way) -> None:
        await way.put("loss", ratio=0.3, retransmit=250)
        loop = asyncio.get_running_loop()
        reader, writer = await way.open()
        kinds: Counter[str] = Counter()
        for _ in range(40):
            started = loop.time()
            writer.write(b"a")
            await reader.readexactly(1)
            kinds["slow" if loop.time() - started >= 0.24 else "quick"] += 1
        assert kinds["slow"] >= 3
        assert kinds["quick"] >= 10
        writer.close()

    on_a_way(scenario)


def test_toxicity_is_the_share_of_connections() -> None:
    async def scenario(way: Way) -> None:
        await way.put("limit_data", bytes=1, toxicity=0.3)
        answers = Counter([await way.said(b"ab") for _ in range(200)])
        assert set(answers) == {b"a", b"ab"}
        assert 25 <= answers[b"a"] <= 100
        await way.put("limit_data", bytes=1, toxicity=0)
        assert await way.said(b"ab") == b"ab"

    on_a_way(scenario)


def test_several_toxics_act_together_and_each_goes_alone() -> None:
    async def scenario(way: Way) -> None:
        loop = asyncio.get_running_loop()
        await way.put("latency", "slow", latency=1200)
        await way.put("limit_data", "short", bytes=2)
        started = loop.time()
        assert await way.said(b"abc") == b"ab"
        assert loop.time() - started >= 1.19
        await way.clear(name="short")
        assert await way.said(b"abc") == b"abc"
        await way.put("limit_data", "slow", bytes=1)
        started = loop.time()
        assert await way.said(b"abc") == b"a"
        assert loop.time() - started < 1.19, "one of the same name takes the other's place"

    on_a_way(scenario)


def test_toxics_stay_where_the_route_leads_elsewhere_or_listens_elsewhere(free: int) -> None:
    async def scenario(way: Way) -> None:
        await way.put("limit_data", bytes=1)
        (view,) = (await way.board.carry_out({"op": "routes"}))["routes"]  # type: ignore[misc]
        route = {"op": "route", "name": "a-b", "upstreams": list(view["upstreams"])}
        await way.board.carry_out(route)
        assert await way.said(b"ab") == b"a"
        way.port = int(str((await way.board.carry_out({**route, "listen": free}))["listen"]))
        assert way.port == free
        assert await way.said(b"ab") == b"a"

    on_a_way(scenario)
