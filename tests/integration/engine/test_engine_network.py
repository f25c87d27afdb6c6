"""The embedded engine's network: it is told to each process of the edge, and balances instances."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from obstack_lab.engine.embedded import wipe
from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration
SERVICES = ("gateway", "orders", "inventory")
SECONDS = 20


class Server(ThreadingHTTPServer):
    """Stands for an instance: answers every request with its name, and keeps connections."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_: object) -> None:
                return

        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def servers() -> Iterator[dict[str, Server]]:
    both = {name: Server(name) for name in ("a", "b")}
    yield both
    for server in both.values():
        server.shutdown()
        server.server_close()


@pytest.fixture
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    home = LabHome(tmp_path_factory.mktemp("network"))
    home.create()
    lab_id = new_lab_id()
    place = Place(home, lab_id, time.time, RosterFile(home.private / FILE_NAME, lab_id))
    place.spawner.hold_leash(home.private / FILE_NAME, place.environment())
    edge = Edge(place)
    try:
        edge.lay(SERVICES)
        edge.start()
        yield edge
    finally:
        edge.stop()
        place.spawner.close()
        wipe(home)


def ask(edge: Edge, count: int, route: str = "gateway-orders") -> list[str]:
    """Ask so often on one kept connection; an error is answered with its status."""
    connection = http.client.HTTPConnection("127.0.0.1", edge.listen_port(route), timeout=SECONDS)
    with contextlib.closing(connection):
        answers = []
        for _ in range(count):
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = answer.read().decode()
            answers.append(body if answer.status == 200 else str(answer.status))
        return answers


def seconds(edge: Edge, route: str = "orders-inventory") -> float:
    started = time.monotonic()
    assert ask(edge, 1, route) == ["a"]
    return time.monotonic() - started


def test_toxics_and_shares_belong_to_the_network_and_not_to_the_process(
    edge: Edge, servers: dict[str, Server]
) -> None:
    edge.lead("orders", {servers["a"].address: 0, servers["b"].address: 1})
    edge.add_toxic("gateway-orders", "x", Toxic("http_error", attributes={"status": 503}))
    for _ in range(2):
        assert ask(edge, 3) == ["503"] * 3
        edge.restart()
    pid = edge.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while edge.pid is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    edge.remove_toxic("gateway-orders", "x")
    edge.add_toxic("gateway-orders", "y", Toxic("http_error", attributes={"status": 429}))
    edge.restart()
    assert ask(edge, 3) == ["429"] * 3
    edge.remove_toxic("gateway-orders", "y")
    assert ask(edge, 3) == ["b"] * 3


def test_requests_are_shared_by_weight_on_one_connection(
    edge: Edge, servers: dict[str, Server]
) -> None:
    a, b = (server.address for server in servers.values())
    edge.lead("orders", {a: 3, b: 1})
    assert 5 <= ask(edge, 40).count("b") <= 15
    edge.lead("orders", {a: 1, b: 0})
    assert ask(edge, 20) == ["a"] * 20
    edge.lead("orders", {})
    assert ask(edge, 2) == ["a"] * 2, "with nobody left the route stays where it was"


def test_the_way_to_the_other_zone_is_long_and_stays_so(
    edge: Edge, servers: dict[str, Server]
) -> None:
    edge.lead("inventory", {servers["a"].address: 1})
    assert seconds(edge) >= 0.078
    edge.add_toxic("orders-inventory", "x", Toxic("latency", attributes={"latency": 500}))
    assert seconds(edge) >= 0.578
    edge.remove_toxic("orders-inventory", "x")
    assert 0.078 <= seconds(edge) < 0.57


def test_routes_come_and_go_with_the_stack_and_come_clean(
    edge: Edge, servers: dict[str, Server]
) -> None:
    for component in ("orders", "payments"):
        edge.lead(component, {servers["a"].address: 1})
    edge.add_toxic("gateway-orders", "x", Toxic("down"))
    with pytest.raises(UnknownName):
        edge.toxics("orders-payments")
    edge.lay((*SERVICES, "payments"))
    assert "orders-payments" in edge.routes()
    assert ask(edge, 1, "orders-payments") == ["a"]
    assert edge.toxics("gateway-orders") == {}
    assert ask(edge, 1) == ["a"]
    edge.lay(SERVICES)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", edge.listen_port("orders-payments")), SECONDS)


def test_what_cannot_be_put_on_is_refused_before_the_process_hears_of_it(edge: Edge) -> None:
    with pytest.raises(ActionError, match="needs HTTP"):
        edge.add_toxic("orders-postgres", "x", Toxic("http_error", attributes={"status": 503}))
    assert edge.toxics("orders-postgres") == {}
