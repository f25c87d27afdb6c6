"""The load as a process of its own, talking HTTP to a shop that we play on a real socket."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.load.ledger import Outcome
from obstack_lab.load.reader import read_ledger

pytestmark = pytest.mark.integration
DEADLINE = 60.0
JOURNEY = {"id": "buy", "weight": 1, "steps": ["product", "place-order", "read-order"]}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, str, str]]
    closing = False
    """hang up instead of answering"""

    def do_GET(self) -> None:
        number = int(self.path.rsplit("/", 1)[1])
        if self.path.startswith("/products/"):
            self._answer(200, {"product_id": number, "price_cents": 5, "available": 1})
        else:
            self._answer(200, {"order_id": number, "customer_id": number - 7, "items": [1]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        order = {"order_id": asked["customer_id"] + 7, "total_cents": 1, **asked}
        self._answer(201, order)

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        if self.closing:
            self.close_connection = True
            return
        headers = self.headers
        self.seen.append((self.command, self.path, headers["User-Agent"], headers["traceparent"]))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def shop() -> Iterator[ThreadingHTTPServer]:
    Shop.seen, Shop.closing = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


class Load:
    """The process, its commands and its last status line."""

    def __init__(self, ledger: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "obstack_lab.load", "--ledger", str(ledger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(json.loads(line))

    def send(self, **command: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def start(self, shop: ThreadingHTTPServer, *, rate: float = 50, **more: object) -> None:
        self.send(
            op="start",
            target=f"http://127.0.0.1:{shop.server_address[1]}",
            load={
                "seed": 3,
                "users": 100,
                "journeys": [JOURNEY],
                "phases": [{"rate": rate}],
            },
            objective={"success_ratio": 0.99, "latency": 0.5, "patience": 5},
            **more,
        )

    def status(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE
        status: dict[str, Any] = {}
        while (left := deadline - time.monotonic()) > 0:
            try:
                status = self.lines.get(timeout=left)
            except queue.Empty:
                break
            if holds(status):
                return status
        raise AssertionError(f"no such status in time; the last one: {status}")

    def wait(self) -> int:
        return self.process.wait(timeout=DEADLINE)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    load = Load(tmp_path / "first.jsonl")
    yield load
    load.process.kill()
    load.process.wait(timeout=5)
    for pipe in (load.process.stdin, load.process.stdout):
        pipe.close()  # type: ignore[union-attr]  # both are pipes


def test_users_come_and_their_ledger_is_true(load, shop, tmp_path) -> None:
    load.start(shop)
    status = load.status(lambda status: status["intended"] > 100)
    assert status["rate"] == 50
    assert status["late_p99"] is not None
    load.send(op="stop")
    still = load.status(lambda status: status["rate"] == 0 and not status["in_flight"])
    assert still["sent"] == still["intended"] == sum(still["outcomes"].values())
    load.process.send_signal(signal.SIGTERM)
    assert load.wait() == 0
    entries = read_ledger(tmp_path / "first.jsonl")
    assert len(entries) == still["intended"]
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.outcome for entry in entries} == {Outcome.GOOD}
    seen = {(agent, trace.split("-")[1]) for _, _, agent, trace in Shop.seen}
    assert {(f"ObstackUser/{e.user}", e.trace_id) for e in entries} == seen
    assert {entry.step for entry in entries} == set(JOURNEY["steps"])


def test_the_end_of_its_input_is_its_end_and_nothing_in_flight_is_lost(load, shop, tmp_path):
    load.start(shop)
    load.status(lambda status: status["intended"] > 20)
    assert load.process.stdin
    load.process.stdin.close()
    assert load.wait() == 0
    entries = read_ledger(tmp_path / "first.jsonl")
    assert len(entries) == len(Shop.seen) > 20


def test_it_obeys_phase_ledger_and_stop(load, shop, tmp_path) -> None:
    load.start(shop)
    load.status(lambda status: status["intended"] > 20)
    load.send(op="ledger", path=str(tmp_path / "run" / "second.jsonl"))
    load.send(op="phase", phase={"rate": 150})
    faster = load.status(lambda status: status["rate"] == 150)
    assert faster["ledger"].endswith("second.jsonl")
    load.send(op="stop")
    stopped = load.status(lambda status: status["rate"] == 0 and not status["in_flight"])
    assert sum(stopped["outcomes"].values()) == stopped["intended"]
    first = read_ledger(tmp_path / "first.jsonl")
    second = read_ledger(tmp_path / "run" / "second.jsonl")
    assert len(first) + len(second) == stopped["intended"]
    assert second


def test_a_bad_command_is_told_and_changes_nothing(load, shop) -> None:
    load.send(op="phase", phase={"rate": 5})
    assert "send `start` first" in load.status(lambda status: status["trouble"])["trouble"]
    load.send(op="dance")
    load.status(lambda status: "bad command" in status["trouble"])
    load.start(shop)
    load.status(lambda status: status["intended"] and not status["trouble"])
    load.send(op="start", target="nowhere")
    told = load.status(lambda status: status["trouble"])
    assert "target" in told["trouble"]
    assert load.status(lambda status: status["intended"] > told["intended"])["rate"] == 50


def test_users_of_a_shop_that_is_gone_find_nobody_and_keep_coming(load, shop, tmp_path) -> None:
    load.start(shop)
    load.status(lambda status: status["intended"] > 20)
    Shop.closing = True
    shop.shutdown()
    shop.server_close()
    gone = time.time()
    load.status(lambda status: status["outcomes"].get("unreachable", 0) > 50)
    load.process.send_signal(signal.SIGTERM)
    assert load.wait() == 0
    after = {e.outcome for e in read_ledger(tmp_path / "first.jsonl") if e.intended > gone}
    assert after == {Outcome.UNREACHABLE, Outcome.UNSENT}


def test_a_process_that_is_killed_leaves_every_entry_it_had(load, shop, tmp_path) -> None:
    load.start(shop)
    status = load.status(lambda status: status["written"] > 50)
    load.process.kill()
    load.wait()
    assert len(read_ledger(tmp_path / "first.jsonl")) >= status["written"]


def test_a_second_start_at_the_same_epoch_goes_on_with_the_same_users(load, shop, tmp_path):
    epoch = time.time()
    load.start(shop, epoch=epoch)
    before = load.status(lambda status: status["intended"] > 150)["intended"]
    load.start(shop, epoch=epoch)
    load.status(lambda status: status["intended"] < before)
    load.status(lambda status: status["intended"] > 60)
    load.process.send_signal(signal.SIGTERM)
    load.wait()
    told = read_ledger(tmp_path / "first.jsonl")
    users = {(entry.seq, entry.user, entry.step) for entry in told}
    assert len(users) == len({entry.seq for entry in told}) > 100
    moments: dict[int, list[float]] = {}
    for entry in told:
        moments.setdefault(entry.seq, []).append(entry.intended)
    assert all(max(same) - min(same) < 0.001 for same in moments.values())
