"""A lab for Explore without its stack: a real telemetry store, a Prometheus that makes it up."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import explore_data
import httpx

from obstack_lab.bench.child import free_port
from obstack_lab.orchestrator.client import Client
from obstack_lab.panels.observer import Observer
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

PREFIX = "/v1/telemetry/"


class ExploreLab:
    """Answers what a widget asks, with the very code of the kernel."""

    def __init__(self, url: str, folder: Path) -> None:
        state = LabState(
            lab_id="0", pid=1, pid_started=0, url=url, token="none", engine="embedded", started_at=0
        )
        self.lab: Any = SimpleNamespace(client=Client(state), home=LabHome(folder))
        self.observer = Observer(self.lab)
        self.asked: list[tuple[str, str, str]] = []
        """Client, method and path of what came to the proxy."""

    def answer(self, verb: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the answer with its bytes as text."""
        kept: list[Any] = []
        self.observer._answer(verb, 0, params, lambda *reply: kept.append(reply))
        reply, buffers = kept[0]
        return {**reply, "text": buffers[0].decode() if buffers else None}


@contextmanager
def running(folder: Path, *, hostile: bool) -> Iterator[ExploreLab]:
    """Run the store with its data and the proxy before it; end them afterwards."""
    port, store = free_port(), folder / "store"
    store.mkdir()
    argv = [sys.executable, "-m", "obstack_lab.telemetry", "--port", str(port)]
    with (folder / "store.log").open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--no-retention", "--data", str(store)], stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(f"{address}/ready", process)
        _fill(address, hostile=hostile)
        with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
            lab = ExploreLab(f"http://127.0.0.1:{server.server_port}", folder)
            server.RequestHandlerClass = _handler(address, lab, hostile=hostile)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield lab
            lab.observer.close()
            server.shutdown()
            thread.join(10)
    finally:
        process.terminate()
        process.wait(30)


def _fill(address: str, *, hostile: bool) -> None:
    now = time.time_ns()
    with httpx.Client(base_url=address, timeout=30) as http:
        lines = explore_data.log_push(now, hostile=hostile)
        http.post("/loki/api/v1/push", json=lines).raise_for_status()
        spans = explore_data.trace_push(now, hostile=hostile)
        kind = {"Content-Type": "application/x-protobuf"}
        http.post("/v1/traces", content=spans, headers=kind).raise_for_status()


def _handler(address: str, lab: ExploreLab, *, hostile: bool) -> type[BaseHTTPRequestHandler]:
    http = httpx.Client(timeout=30)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

        def _pass_on(self, body: bytes) -> None:
            path = self.path.removeprefix(PREFIX)
            lab.asked.append((self.headers["X-Obstack-Client"], self.command, path))
            if path.startswith("prometheus/"):
                status, content = _prometheus(path, body.decode(), hostile=hostile)
            else:
                answer = http.get(f"{address}/{path.split('/', 1)[1]}")
                status, content = answer.status_code, answer.content
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Proxy


def _prometheus(path: str, body: str, *, hostile: bool) -> tuple[int, bytes]:
    asked = {name: values[0] for name, values in parse_qs(body or urlsplit(path).query).items()}
    query = asked.get("query", "")
    if query.startswith("sum("):
        problem = {
            "status": "error",
            "errorType": "bad_data",
            "error": 'invalid parameter "query": 1:8: parse error: unexpected end of input',
        }
        return 400, json.dumps(problem).encode()
    if "/query" not in path:
        return 200, json.dumps({"status": "success", "data": ["service_name", "up"]}).encode()
    if query == "nothing":
        answer: Any = {"status": "success", "data": {"resultType": "matrix", "result": []}}
        return 200, json.dumps(answer).encode()
    now = time.time()
    start, end = float(asked.get("start", now - 60)), float(asked.get("end", now))
    answer = explore_data.metric_answer(start, end, hostile=hostile)
    if path.split("?", maxsplit=1)[0].endswith("/query"):
        data = answer["data"]
        for series in data["result"]:
            series["value"] = series.pop("values")[-1]
        data["resultType"] = "vector"
    return 200, json.dumps(answer).encode()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the telemetry store did not come up")
