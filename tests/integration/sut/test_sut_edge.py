"""The network edge passes bytes unchanged, in order and without serialising them."""

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
            async with asyncio.timeout(20):
                await scenario(board, int(str(route["listen"])))
        finally:
            await board.close()
            server.close()

    asyncio.run(play())


async def delay(board: Switchboard, *streams: str, **attributes: float) -> None:
    for stream in streams or ("upstream", "downstream"):
        await board.carry_out(
            {
                "op": "toxic",
                "route": "a-b",
                "type": "latency",
                "stream": stream,
                "attributes": attributes,
            }
        )


async def the_route(board: Switchboard) -> dict[str, object]:
    (view,) = (await board.carry_out({"op": "routes"}))["routes"]
    return view


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
        await delay(board, latency=10, jitter=9)
        assert (await exchange(port, payload))[0] == payload

    through_edge(scenario)


def test_latency_counts_each_way_and_not_once_a_chunk() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await delay(board, latency=60)
        _, seconds = await exchange(port, b"x")
        assert 0.118 <= seconds < 0.6
        _, seconds = await exchange(port, secrets.token_bytes(500_000))
        assert 0.118 <= seconds < 1.0
        await board.carry_out({"op": "clear", "route": "a-b"})
        await delay(board, "upstream", latency=400)
        _, seconds = await exchange(port, b"x")
        assert 0.398 <= seconds < 0.79

    through_edge(scenario)


def test_connections_do_not_wait_for_each_other() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await delay(board, latency=100)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*(exchange(port, b"x") for _ in range(50)))
        assert loop.time() - started < 3.0

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

        assert await round_trip() < 0.59
        await delay(board, latency=300)
        assert await round_trip() >= 0.598
        await board.carry_out({"op": "clear", "route": "a-b"})
        assert await round_trip() < 0.59
        writer.close()

    through_edge(scenario)


def test_bytes_on_their_way_are_not_overtaken_and_do_not_wait_when_a_route_becomes_fast() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await delay(board, "upstream", latency=15_000)
        writer.write(b"a")
        await asyncio.sleep(0.03)
        cleared = loop.time()
        await board.carry_out({"op": "clear", "route": "a-b"})
        writer.write(b"b")
        assert await reader.readexactly(2) == b"ab"
        assert loop.time() - cleared < 5
        writer.close()

    through_edge(scenario)


def test_the_standing_latency_of_a_route_survives_clearing() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        (upstream,) = (await the_route(board))["upstreams"]
        again = {"op": "route", "name": "a-b", "upstream": upstream, "latency_ms": 50}
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
        await delay(board, latency=50)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b"goodbye"
        writer.close()
        await writer.wait_closed()
        while (await the_route(board))["connections"]:  # noqa: ASYNC110 the scenario's deadline
            await asyncio.sleep(0.01)

    through_edge(scenario, answer_and_close)


def test_an_upstream_that_is_not_there_ends_the_connection() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        await board.carry_out({"op": "route", "name": "a-b", "upstream": "127.0.0.1:1"})
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()

    through_edge(scenario)


TOXIC = {"op": "toxic", "route": "a-b", "type": "latency"}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ({"op": "dance"}, "op"),
        ({**TOXIC, "route": "nowhere", "attributes": {"latency": 1}}, "nowhere"),
        (TOXIC, "'latency' of latency"),
        ({**TOXIC, "attributes": {"latency": -1}}, "'latency' of latency"),
        ({**TOXIC, "attributes": {"latency": True}}, "'latency' of latency"),
        ({**TOXIC, "attributes": {"latency": 1, "speed": 2}}, "no attribute 'speed'"),
        ({**TOXIC, "attributes": [1]}, "'attributes' must be an object"),
        ({**TOXIC, "stream": "sideways", "attributes": {"latency": 1}}, "'stream'"),
        ({**TOXIC, "toxicity": 2, "attributes": {"latency": 1}}, "'toxicity'"),
        ({**TOXIC, "type": "gremlin"}, "gremlin"),
        ({**TOXIC, "type": "down", "toxicity": 0.5}, "'toxicity' of down"),
        ({**TOXIC, "type": "http_error", "attributes": {"status": 503}}, "needs HTTP"),
        ({**TOXIC, "type": "http_error", "attributes": {"status": 99}}, "400 to 599"),
        ({"op": "route", "name": "c", "upstream": "here"}, "upstream"),
        ({"op": "route", "name": "c", "upstreams": ["h:1"], "weights": {"h:1": -1}}, "h:1"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_changes_nothing(
    command: dict[str, object], says: str
) -> None:
    async def scenario(board: Switchboard, _: int) -> None:
        before = await board.carry_out({"op": "routes"})
        with pytest.raises(BadCommand, match=says):
            await board.carry_out(command)
        assert await board.carry_out({"op": "routes"}) == before

    through_edge(scenario)


def test_every_command_can_be_repeated() -> None:
    async def scenario(board: Switchboard, port: int) -> None:
        for _ in range(2):
            await delay(board, latency=5)
        toxics = (await the_route(board))["toxics"]
        assert list(toxics) == ["latency_upstream", "latency_downstream"]
        for _ in range(2):
            await board.carry_out({"op": "clear", "route": "a-b", "name": "latency_upstream"})
        for _ in range(2):
            await board.carry_out({"op": "clear", "route": "a-b"})
        assert (await the_route(board))["toxics"] == {}
        assert (await exchange(port, b"x"))[0] == b"x"
        for _ in range(2):
            await board.carry_out({"op": "unroute", "name": "a-b"})
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)

    through_edge(scenario)
