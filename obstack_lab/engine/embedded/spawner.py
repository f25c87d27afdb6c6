"""The one thread from which every process is started.

Linux sends the death signal (`PR_SET_PDEATHSIG`) when the *thread* that started a process ends, so
that thread must live as long as the orchestrator. `setpriv` sets it: Python code between fork and
exec is not safe in a process with threads. Where there is no `setpriv` (macOS), the leash does it
alone: a shell that waits for the orchestrator's end and then runs `obstack_lab.engine.reap`.
"""

from __future__ import annotations

import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

LEASH = 'read -r _; exec "$@"'
"""Reads nothing: it goes on when the pipe from the orchestrator closes."""

Start = Callable[[], "subprocess.Popen[bytes]"]


class Spawner:
    """Starts processes that end with the orchestrator."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]] | None] = (
            queue.SimpleQueue()
        )
        self._setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
        self._thread: threading.Thread | None = None
        self._leash: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def spawn(self, start: Start) -> subprocess.Popen[bytes]:
        """Run `start` in the permanent thread and return the process it makes."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="obstack-spawner", daemon=True
                )
                self._thread.start()
        future: Future[subprocess.Popen[bytes]] = Future()
        self._queue.put((start, future))
        return future.result(timeout=30)

    def dying_with_us(self, argv: Sequence[str], death: str) -> list[str]:
        """Return the command line under which a process gets this signal when we die."""
        if self._setpriv is None:
            return list(argv)
        return [self._setpriv, "--pdeathsig", death, "--", *argv]

    def hold_leash(
        self, roster: Path, env: Mapping[str, str], reaper: str = "obstack_lab.engine.reap"
    ) -> None:
        """Start the shell that ends everything on the roster when this process is gone."""
        if self._leash is not None and self._leash.poll() is None:
            return
        command = [sys.executable, "-m", reaper, str(roster)]
        self._leash = self.spawn(
            lambda: subprocess.Popen(
                ["/bin/sh", "-c", LEASH, "obstack-leash", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(env),
                cwd="/",
                start_new_session=True,
            )
        )

    @property
    def leash_pid(self) -> int | None:
        return self._leash.pid if self._leash is not None else None

    def close(self) -> None:
        """Let go: end the leash and the thread. Every process must have ended before."""
        with self._lock:
            leash, self._leash = self._leash, None
            thread, self._thread = self._thread, None
        if leash is not None:
            leash.kill()
            leash.wait(timeout=5)
            if leash.stdin is not None:
                leash.stdin.close()
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout=5)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            start, future = work
            try:
                future.set_result(start())
            except Exception as error:  # noqa: BLE001 the caller gets it from the future
                future.set_exception(error)
