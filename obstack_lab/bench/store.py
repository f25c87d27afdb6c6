"""The telemetry store alone, as a process of one benchmark's own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from obstack_lab.bench import child
from obstack_lab.bench.question import client
from obstack_lab.bench.setting import Setting
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.errors import EngineError, Timeout

_VISIBLE_WITHIN = 10.0
_LOOK_EVERY = 0.01


@dataclass(frozen=True)
class Store:
    """A running store and a client of it."""

    http: httpx.Client
    pid: int

    def send(self, path: str, body: bytes, kind: str) -> None:
        """Push one body; raise EngineError where it is refused."""
        response = self.http.post(path, content=body, headers={"Content-Type": kind})
        if response.is_error:
            raise EngineError(
                f"The store refused a push: {response.status_code} {response.text[:200]}",
                component="telemetry",
            )

    def push(
        self, path: str, bodies: Iterable[tuple[int, bytes]], kind: str, setting: Setting
    ) -> float:
        """Push batches of (rows, body) and return the rows a second while it was pushing."""
        rows, seconds = 0, 0.0
        for count, body in bodies:
            began = time.perf_counter()
            self.send(path, body, kind)
            seconds += time.perf_counter() - began
            rows += count
            setting.tell(f"pushed {rows:,}")
        return rows / seconds

    def seen_after(self, path: str, body: bytes, kind: str, seen: Callable[[], bool]) -> float:
        """Push something and return the seconds until it is found."""
        began = time.monotonic()
        self.send(path, body, kind)
        while time.monotonic() - began < _VISIBLE_WITHIN:
            if seen():
                return time.monotonic() - began
            time.sleep(_LOOK_EVERY)
        raise Timeout(f"What was pushed was not found within {_VISIBLE_WITHIN:.0f} s.")

    def memory(self) -> float:
        """Return the store's PSS in MB."""
        usage = usage_of(self.pid, with_children=True)
        return usage.memory / 1e6 if usage else 0.0


@contextmanager
def store(setting: Setting) -> Iterator[Store]:
    """Run an empty store; end it afterwards."""
    setting.tell("starting the store")
    data = setting.folder / "store"
    data.mkdir()
    port = child.free_port()
    argv = [sys.executable, "-m", "obstack_lab.telemetry", "--port", str(port)]
    argv += ["--no-retention", "--data", str(data)]
    url = f"http://127.0.0.1:{port}"
    try:
        with child.running(argv, log=setting.folder / "store.log") as process:
            child.await_answer(f"{url}/ready", process)
            with client(url) as http:
                yield Store(http, process.pid)
    finally:
        shutil.rmtree(data, ignore_errors=True)
