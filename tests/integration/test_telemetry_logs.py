"""The log store as a process: Loki's recorded answers, kill and restart, tail, any question."""

from __future__ import annotations

import collections
import importlib.util
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

pytestmark = pytest.mark.integration

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
WHOLE_STATUS = 1.0
GROUPS = 0.98
TEXTS = 0.85
SETTLED = 3.0
"""Seconds after which a line is on the disk: one on a quiet machine."""


class Store:
    """A telemetry store of its own, started and ended by the test."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "obstack_lab.telemetry", "--port", str(self.port),
            "--data", str(self.data), "--no-retention",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/ready", timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, "the store ended while starting"
        pytest.fail("the store was not ready after 60 s")

    def end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(sign)
        self.process.wait(timeout=20)
        self.process = None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    running = Store(tmp_path / "data")
    running.start()
    yield running
    if running.process is not None:
        running.end(signal.SIGKILL)


def push(store: Store, *lines: tuple[int, str]) -> None:
    values = [[str(moment), line] for moment, line in lines]
    body = {"streams": [{"stream": {"app": "web"}, "values": values}]}
    answer = httpx.post(f"{store.url}/loki/api/v1/push", json=body, timeout=30)
    assert answer.status_code == 204, answer.text


def found(store: Store, query: str = '{app="web"}') -> list[str]:
    given = {"query": query, "start": "1", "end": "1000000000000", "limit": "5000"}
    answer = httpx.get(f"{store.url}/loki/api/v1/query_range", params=given, timeout=30)
    assert answer.status_code == 200, answer.text
    return [value[1] for stream in answer.json()["data"]["result"] for value in stream["values"]]


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("replay_loki", GOLDEN / "replay_loki.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.shared
@pytest.mark.skipif(not GOLDEN.is_dir(), reason="../shared is not here")
def test_lokis_recorded_answers_are_ours(store: Store) -> None:
    replay = tool()
    tally: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    failed: list[str] = []
    with httpx.Client(base_url=store.url, timeout=60) as client:
        replay.push(client, replay.read(GOLDEN / "loki-fixture.json.gz"))
        for case in replay.read(GOLDEN / "loki-shown.jsonl.gz"):
            got = replay.send(client, case)
            tally[case["group"]][replay.verdict(case, got)] += 1
            tally["status"][str(got["status"] == case["answer"]["status"])] += 1
            if replay.verdict(case, got) != "pass":
                failed.append(case["id"])
    assert set(tally["status"]) == {"True"}, failed
    for group, counts in tally.items():
        wanted = TEXTS if group in ("errors", "mutated") else GROUPS
        if group != "status":
            assert counts["pass"] >= wanted * counts.total(), (group, counts, failed)


def test_a_killed_store_has_lost_its_last_moments_only(store: Store) -> None:
    push(store, *((10**9 + n, f"line {n}") for n in range(500)))
    time.sleep(SETTLED)
    store.end(signal.SIGKILL)
    store.start()
    assert len(found(store)) == 500


def test_a_store_told_to_end_does_so_and_keeps_the_last_line(store: Store) -> None:
    push(store, (10**9, "last words"))
    store.end()
    store.start()
    assert found(store) == ["last words"]


def test_a_pushed_line_is_found_at_once(store: Store) -> None:
    push(store, (5 * 10**9, '{"level":"error","n":1}'))
    assert found(store, '{app="web"} | json | level="error" | n > 0') == ['{"level":"error","n":1}']


def test_a_tail_gives_what_was_there_and_what_comes(store: Store) -> None:
    now = time.time_ns()
    push(store, (now - 10**9, "before"))
    address = f"ws://127.0.0.1:{store.port}/loki/api/v1/tail?query=%7Bapp%3D%22web%22%7D"
    with connect(address, open_timeout=20) as tail:
        assert json.loads(tail.recv(timeout=20))["streams"][0]["values"][0][1] == "before"
        push(store, (now, "after"))
        assert json.loads(tail.recv(timeout=20))["streams"][0]["values"] == [[str(now), "after"]]


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("/loki/api/v1/query", {"query": "vector(1)+vector(1)"}, 200),
        ("/loki/api/v1/query", {"query": "sum("}, 400),
        ("/loki/api/v1/query_range", {"query": '{app="web"}', "limit": "x"}, 400),
        ("/loki/api/v1/query_range", {"query": 'rate({a="b"}[1m])', "step": "1e300"}, 400),
        ("/loki/api/v1/query_range", {"query": 'rate({a="b"}[1m])', "start": "9" * 400}, 400),
        ("/loki/api/v1/query", {"query": "1", "time": "1e308"}, 400),
        ("/loki/api/v1/query", {"query": "+".join(["vector(1)"] * 3000)}, 400),
        ("/loki/api/v1/labels", {"since": "1y"}, 200),
        ("/loki/api/v1/index/stats", {"query": '{app="web"}'}, 200),
        ("/loki/api/v1/index/volume_range", {"query": '{app="web"}', "step": "-1"}, 400),
        ("/loki/api/v1/label/%00/values", {}, 200),
        ("/nothing", {}, 404),
    ],
)
def test_a_question_is_answered_or_refused_but_never_a_fault(
    store: Store, path: str, given: dict[str, Any], status: int
) -> None:
    push(store, (10**9, "x"))
    answer = httpx.get(store.url + path, params=given, timeout=30)
    assert answer.status_code == status, answer.text
