"""The network edge delays bytes without losing, reordering or serialising them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import pytest

from sut.control import BadCommand
from sut.edge.switchboard import Switchboard

pytestmark = pytest.mark.integration
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def through_edge(
    scenario: Callable[[Switchboard, int], Awaitable[None]], handler: Handler = echo
) -> None:
    async def play() -> None:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        upstream = server.sockets[0].getsockname()[1]
        board = Switchboard()
        route = await board.carry_out(
            {"op": "route", "name": "a-b", "upstream": f"127.0.0.1:{upstream}"}
        )
        try:
            async with asyncio.timeout(60):
                await scenario(board, int(str(route["listen"])))
        finally:
            await board.close()
            server.close()

    asyncio.run(play())


async def delay(board: Switchboard, **toxic: object) -> None:
    await board.carry_out({"op": "toxic", "route": "a-b", "toxic": "latency", **toxic})


async def exchange(port: int, payload: bytes) -> tuple[bytes, float]:
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = loop.time()
    sending = asyncio.create_task(send(writer, payload))
    received = await reader.readexactly(len(payload))
    seconds = loop.time() - started
    await sending
    writer.close()
    return received, seconds


async def send(writer: asyncio.StreamWriter, payload: bytes) -> None:
    for start in range(0, len(payload), 50_000):
        writer.write(payload[start : start + 50_000])
        await writer.drain()


def test_bytes_pass_unchanged_and_in_order_under_jitter() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        payload = secrets.token_bytes(3_000_000)
        assert (await exchange(port, payload))[0] == payload
        await delay(board, latency_ms=10, jitter_ms=9)
        assert (await exchange(port, payload))[0] == payload

    through_edge(scenario)


def test_latency_counts_each_way_and_not_once_a_chunk() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await delay(board, latency_ms=100)
        _, seconds = await exchange(port, b"x")
        assert seconds >= 0.198
        _, seconds = await exchange(port, secrets.token_bytes(5_000_000))
        assert 0.198 <= seconds < 6, "76 chunks and more, each way"
        await delay(board, latency_ms=1000, direction="request")
        _, seconds = await exchange(port, b"x")
        assert 0.998 <= seconds < 1.9

    through_edge(scenario)


def test_connections_do_not_wait_for_each_other() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await delay(board, latency_ms=200)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*(exchange(port, b"x") for _ in range(50)))
        assert loop.time() - started < 10, "20 s, one after the other"

    through_edge(scenario)


def test_a_toxic_acts_on_open_connections_and_clearing_restores_the_route() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def round_trip() -> float:
            started = loop.time()
            writer.write(b"x")
            await reader.readexactly(1)
            return loop.time() - started

        assert await round_trip() < 0.9
        await delay(board, latency_ms=500)
        assert await round_trip() >= 0.998
        await board.carry_out({"op": "clear", "route": "a-b"})
        assert await round_trip() < 0.9
        writer.close()

    through_edge(scenario)


def test_bytes_on_their_way_are_not_overtaken_when_a_route_becomes_fast() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await delay(board, latency_ms=150, direction="request")
        writer.write(b"a")
        await asyncio.sleep(0.03)
        await board.carry_out({"op": "clear", "route": "a-b"})
        writer.write(b"b")
        assert await reader.readexactly(2) == b"ab"
        writer.close()

    through_edge(scenario)


def test_the_standing_latency_of_a_route_survives_clearing() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        (view,) = (await board.carry_out({"op": "routes"}))["routes"]
        again = {"op": "route", "name": "a-b", "upstream": view["upstream"], "latency_ms": 50}
        assert (await board.carry_out(again))["listen"] == port
        await board.carry_out({"op": "clear", "route": "a-b"})
        _, seconds = await exchange(port, b"x")
        assert seconds >= 0.098

    through_edge(scenario)


def test_the_end_of_a_stream_arrives_after_its_bytes() -> None:
    async def answer_and_close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"goodbye")
        writer.close()

    async def scenario(board: Switchboard, port: int) -> None:
        await delay(board, latency_ms=50)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b"goodbye"
        writer.close()
        await writer.wait_closed()
        (view,) = (await board.carry_out({"op": "routes"}))["routes"]
        while view["connections"]:
            await asyncio.sleep(0.01)
            (view,) = (await board.carry_out({"op": "routes"}))["routes"]
        assert view["connections"] == 0

    through_edge(scenario, answer_and_close)


def test_an_upstream_that_is_not_there_ends_the_connection() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await board.carry_out({"op": "route", "name": "a-b", "upstream": "127.0.0.1:1"})
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()

    through_edge(scenario)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ({"op": "dance"}, "op"),
        ({"op": "toxic", "route": "nowhere", "toxic": "latency", "latency_ms": 1}, "nowhere"),
        ({"op": "toxic", "route": "a-b", "toxic": "latency"}, "latency_ms"),
        ({"op": "toxic", "route": "a-b", "toxic": "latency", "latency_ms": -1}, "latency_ms"),
        ({"op": "toxic", "route": "a-b", "toxic": "gremlin", "latency_ms": 1}, "gremlin"),
        ({"op": "route", "name": "c", "upstream": "here"}, "upstream"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(command: dict[str, object], says: str) -> None:
    async def scenario(board: Switchboard, _: int) -> None:
        with pytest.raises(BadCommand, match=says):
            await board.carry_out(command)

    through_edge(scenario)
