"""HTTP through the edge: on kept connections each request is balanced, refused or changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sut.edge.switchboard import Switchboard

pytestmark = pytest.mark.integration


class Instance:
    """A real HTTP server that says its name, and counts its connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = ""
        self.connections: set[Any] = set()
        self.seen: list[dict[str, str]] = []
        self.held = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=1)
        await self._runner.setup()
        port = int(self.address.rpartition(":")[2] or 0)
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        self.address = f"127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def is_left(self) -> None:
        """Wait until every connection that there was has been closed."""
        assert self.connections
        while any(not each.is_closing() for each in self.connections):  # noqa: ASYNC110 it ends
            await asyncio.sleep(0.01)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.connections.add(request.transport)
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        body = await request.read()
        if request.path == "/held":
            await self.held.wait()
        answer = {"by": self.name, "number": 7, "got": len(body)}
        return web.json_response(answer, headers={"X-Shop": "lamp"})


class Way:
    """A route of an edge, the instances behind it and a client that keeps connections."""

    def __init__(self, instances: list[Instance], client: aiohttp.ClientSession) -> None:
        self.board = Switchboard()
        self.instances = instances
        self.client = client
        self.url = ""

    async def lead(self, *shares: float, paths: dict[str, str] | None = None) -> None:
        used = self.instances[: len(shares)]
        view = await self.board.carry_out(
            {
                "op": "route",
                "name": "a-b",
                "http": True,
                "upstreams": [instance.address for instance in used],
                "weights": {i.address: share for i, share in zip(used, shares, strict=True)},
                "paths": {i.address: (paths or {})[i.name] for i in used if paths},
            }
        )
        self.url = f"http://127.0.0.1:{view['listen']}"

    async def put(self, kind: str, toxicity: float = 1, **attributes: object) -> None:
        stream = attributes.pop("stream", "downstream")
        await self.board.carry_out(
            {
                "op": "toxic",
                "route": "a-b",
                "name": "it",
                "type": kind,
                "stream": stream,
                "toxicity": toxicity,
                "attributes": attributes,
            }
        )

    async def clear(self) -> None:
        await self.board.carry_out({"op": "clear", "route": "a-b"})

    async def connections(self) -> int:
        (view,) = (await self.board.carry_out({"op": "routes"}))["routes"]  # type: ignore[misc]
        return int(view["connections"])

    async def ask(self, path: str = "/", **more: Any) -> aiohttp.ClientResponse:
        async with self.client.post(self.url + path, **{"data": b"x" * 10, **more}) as response:
            await response.read()
            return response

    async def who(self, path: str = "/") -> str:
        return str((await (await self.ask(path)).json())["by"])

    async def shares(self, requests: int, at_once: int = 8) -> Counter[str]:
        """Return who answered how many of so many requests on `at_once` connections."""

        async def some() -> list[str]:
            return [await self.who() for _ in range(requests // at_once)]

        parts = await asyncio.gather(*(some() for _ in range(at_once)))
        return Counter(name for part in parts for name in part)


@contextlib.asynccontextmanager
async def a_way(count: int) -> AsyncIterator[Way]:
    instances = [Instance(name) for name in "abc"[:count]]
    kept = aiohttp.TCPConnector(keepalive_timeout=300)
    async with aiohttp.ClientSession(connector=kept, timeout=aiohttp.ClientTimeout(20)) as client:
        way = Way(instances, client)
        try:
            for instance in instances:
                await instance.start()
            await way.lead(*(1 for _ in instances))
            yield way
        finally:
            await way.board.close()
            for instance in instances:
                instance.held.set()
                await instance.stop()


def on_a_way(scenario: Callable[[Way], Awaitable[None]], instances: int = 1) -> None:
    async def play() -> None:
        async with asyncio.timeout(30), a_way(instances) as way:
            await scenario(way)

    asyncio.run(play())


def test_on_one_connection_each_request_goes_to_whom_its_path_belongs_to() -> None:
    async def scenario(way: Way) -> None:
        await way.lead(1, 1, paths={"a": "/otlp/", "b": "/v1/traces"})
        paths = ["/otlp/v1/logs", "/v1/traces", "/v1/traces", "/otlp/v1/logs"] * 10
        assert "".join([await way.who(path) for path in paths]) == "abba" * 10
        assert await way.connections() == 1
        await way.instances[1].stop()
        with pytest.raises(aiohttp.ClientError):  # nobody else is asked for what is b's
            await way.who("/v1/traces")
        assert await way.who("/otlp/v1/logs") == "a"

    on_a_way(scenario, instances=2)


def test_requests_on_kept_connections_are_shared_evenly() -> None:
    async def scenario(way: Way) -> None:
        shares = await way.shares(400)
        assert all(100 <= shares[name] <= 167 for name in "abc")
        assert await way.connections() <= 8

    on_a_way(scenario, instances=3)


def test_a_canary_gets_its_share_and_loses_it_again() -> None:
    async def scenario(way: Way) -> None:
        await way.lead(9, 1)
        assert 20 <= (await way.shares(400))["b"] <= 60
        await way.lead(1, 0)
        assert await way.shares(80) == {"a": 80}

    on_a_way(scenario, instances=2)


def test_an_instance_that_comes_gets_requests_of_connections_that_are_open() -> None:
    async def scenario(way: Way) -> None:
        await way.lead(1)
        assert await way.shares(40) == {"a": 40}
        await way.lead(1, 1)
        assert 20 <= (await way.shares(80))["b"] <= 60

    on_a_way(scenario, instances=2)


def test_the_only_instance_can_be_drained_when_another_has_come() -> None:
    async def scenario(way: Way) -> None:
        await way.lead(1)
        await way.who()
        await way.lead(0, 1)
        assert await way.who() == "b"
        await way.instances[0].is_left()

    on_a_way(scenario, instances=2)


def test_draining_ends_no_request_and_lets_go_of_the_server() -> None:
    async def scenario(way: Way) -> None:
        a, b = way.instances
        await way.shares(40)
        held = [asyncio.create_task(way.who("/held")) for _ in range(8)]
        while len(a.seen) + len(b.seen) < 48:  # noqa: ASYNC110 the scenario's deadline
            await asyncio.sleep(0.01)
        await way.lead(1, 0)
        assert await way.shares(40) == {"a": 40}
        a.held.set()
        b.held.set()
        assert set(await asyncio.gather(*held)) == {"a", "b"}
        await b.is_left()
        assert await way.shares(40) == {"a": 40}
        await b.stop()
        assert await way.shares(80) == {"a": 80}

    on_a_way(scenario, instances=2)


def test_draining_closes_idle_connections_to_the_instance_at_once() -> None:
    async def scenario(way: Way) -> None:
        await way.shares(40)
        await way.lead(1, 0)
        await way.instances[1].is_left()

    on_a_way(scenario, instances=2)


def test_a_client_keeps_its_connection_when_the_instance_behind_it_goes() -> None:
    async def scenario(way: Way) -> None:
        port = int(way.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def who() -> str:
            writer.write(b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
            return str(json.loads(await reader.readexactly(length))["by"])

        gone = await who()
        stays = await who()
        assert {gone, stays} == {"a", "b"}
        await way.instances["ab".index(stays)].stop()
        assert [await who() for _ in range(4)] == [gone] * 4
        writer.close()

    on_a_way(scenario, instances=2)


def test_an_answer_that_begins_before_its_request_has_ended_is_one_answer() -> None:
    begun = asyncio.Event()

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-le")
        begun.set()
        await reader.readexactly(10)
        writer.write(b'ngth: 7\r\n\r\n{"a":1}')

    async def scenario(way: Way) -> None:
        server = await asyncio.start_server(hasty, "127.0.0.1", 0)
        way.instances[0].address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await way.lead(1)
        await way.put("http_tamper")

        async def body() -> AsyncIterator[bytes]:
            yield b"hello"
            await begun.wait()
            await asyncio.sleep(0.1)
            yield b"world"

        answered = await way.ask(data=body(), headers={"content-length": "10"})
        assert await answered.json() == {"a": None}
        server.close()

    on_a_way(scenario)


def test_an_instance_that_refuses_is_passed_over() -> None:
    async def scenario(way: Way) -> None:
        await way.instances[1].stop()
        assert await way.shares(80) == {"a": 80}
        await way.instances[1].start()
        assert (await way.shares(80))["b"] >= 20

    on_a_way(scenario, instances=2)


def test_with_nobody_left_the_connection_ends() -> None:
    async def scenario(way: Way) -> None:
        for instance in way.instances:
            await instance.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await way.ask()
        await way.instances[0].start()
        await way.lead(0, 0)
        with pytest.raises(aiohttp.ClientConnectionError):
            await way.ask()
        await way.lead(1, 0)
        assert await way.who() == "a"

    on_a_way(scenario, instances=2)


def test_a_restarted_instance_is_used_again_without_an_error() -> None:
    async def scenario(way: Way) -> None:
        await way.shares(40)
        for weights in ((1, 0), (0, 1)):
            await way.lead(*weights)
            drained = way.instances[weights.index(0)]
            await drained.stop()
            await way.shares(40)
            await drained.start()
        await way.lead(1, 1)
        assert 20 <= (await way.shares(80))["b"] <= 60

    on_a_way(scenario, instances=2)


def test_a_share_of_requests_is_answered_by_the_edge() -> None:
    async def scenario(way: Way) -> None:
        await way.ask()
        await way.put("http_error", 0.25, status=503)
        statuses = Counter([(await way.ask()).status for _ in range(400)])
        assert set(statuses) == {200, 503}
        assert 50 <= statuses[503] <= 160
        assert len(way.instances[0].seen) == 1 + statuses[200]
        assert len(way.instances[0].connections) == 1, "errors keep the connection"
        await way.clear()
        assert {(await way.ask()).status for _ in range(20)} == {200}
        assert len(way.instances[0].connections) == 1

    on_a_way(scenario)


def test_a_refused_request_with_a_large_body_leaves_the_connection_whole() -> None:
    async def scenario(way: Way) -> None:
        await way.put("http_error", 0.5, status=429)
        for _ in range(10):
            answered = await way.ask(data=b"x" * 700_000)
            assert answered.status in {200, 429}
            if answered.status == 200:
                assert (await answered.json())["got"] == 700_000

    on_a_way(scenario)


def test_every_request_can_be_refused_though_nobody_is_there() -> None:
    async def scenario(way: Way) -> None:
        await way.put("http_error", status=502)
        await way.instances[0].stop()
        answers = [await way.ask(headers={"connection": how}) for how in ("keep-alive", "close")]
        assert [answer.status for answer in answers] == [502, 502]

    on_a_way(scenario)


def test_a_tampered_answer_parses_and_says_something_else() -> None:
    async def scenario(way: Way) -> None:
        await way.put("http_tamper")
        assert await (await way.ask()).json() == {"by": "a", "number": None, "got": None}
        await way.put("http_tamper", field="by")
        assert await (await way.ask()).json() == {"by": None, "number": 7, "got": 10}
        await way.clear()
        assert await (await way.ask()).json() == {"by": "a", "number": 7, "got": 10}

    on_a_way(scenario)


def test_a_header_is_lost_on_the_way_there_or_back() -> None:
    async def scenario(way: Way) -> None:
        await way.put("http_tamper", header="x-shop")
        assert "x-shop" not in (await way.ask()).headers
        await way.put("http_tamper", header="traceparent", stream="upstream")
        answered = await way.ask(headers={"traceparent": "00-1", "x-other": "1"})
        assert answered.headers["x-shop"] == "lamp"
        assert "traceparent" not in way.instances[0].seen[-1]
        assert way.instances[0].seen[-1]["x-other"] == "1"

    on_a_way(scenario)


def test_requests_are_balanced_under_latency_and_a_reset_hits_one_connection() -> None:
    async def scenario(way: Way) -> None:
        await way.put("latency", latency=5)
        assert 40 <= (await way.shares(160))["b"] <= 120
        await way.put("reset_peer", toxicity=0.5)
        ends: Counter[str] = Counter()
        for _ in range(60):
            try:
                ends[await way.who()] += 1
            except aiohttp.ClientOSError:
                ends["reset"] += 1
        assert ends["reset"]
        await way.clear()
        assert sum((await way.shares(40)).values()) == 40

    on_a_way(scenario, instances=2)
