"""Named threads that do what was pressed: callbacks only put work on their queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]


class Worker:
    """Runs jobs on daemon threads that start with the first of them: in order if there is one."""

    def __init__(self, name: str, *, threads: int = 1) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._name = name
        self._most = threads
        self._lock = threading.Lock()
        self._threads: tuple[threading.Thread, ...] = ()

    def put(self, job: Job) -> None:
        """Take a job; returns at once, from any thread."""
        with self._lock:
            if not self._threads:
                self._threads = tuple(
                    threading.Thread(target=self._run, name=self._name, daemon=True)
                    for _ in range(self._most)
                )
                for thread in self._threads:
                    thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Let the threads end after the jobs they have."""
        for _ in range(self._most):
            self._jobs.put(None)

    def _run(self) -> None:
        while job := self._jobs.get():
            job()
