"""The thread that ends statements of DuckDB which run past their deadline."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

LOOKS_EVERY = 0.25


class Interrupter:
    """Watches cursors; one whose deadline has passed is interrupted until its block is left.

    The statement raises `duckdb.InterruptException`, again and again should the block go on.
    """

    def __init__(
        self, *, looks_every: float = LOOKS_EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._looks_every = looks_every
        self._clock = clock
        self._watched: dict[int, tuple[float, Any]] = {}
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def within(self, cursor: Any, seconds: float) -> Iterator[None]:
        """Let what the block runs on the cursor take so many seconds."""
        key = threading.get_ident()
        before = self._watched.get(key)
        self._watched[key] = (self._clock() + seconds, cursor)
        self._begin()
        try:
            yield
        finally:
            if before is None:
                del self._watched[key]
            else:
                self._watched[key] = before

    def look(self) -> None:
        """Interrupt the cursors whose time is over."""
        now = self._clock()
        for deadline, cursor in list(self._watched.values()):
            if now > deadline:
                cursor.interrupt()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _begin(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="interrupter", daemon=True
                    )
                    self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._watched:
                self._stop.wait(self._looks_every)
                self.look()
                continue
            self._wake.clear()
            if not self._watched:
                self._wake.wait()
