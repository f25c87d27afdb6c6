"""Looks after every component: a thread each, so that one that hangs hides no other."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from obstack_lab.engine.embedded.unit import Unit

_EVERY = 0.5


class Watch:
    """Checks units until it is stopped; it sees and never heals."""

    def __init__(self, every: float = _EVERY) -> None:
        self._every = every
        self._stop = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self.last_error: Exception | None = None

    def begin(self, units: Iterable[Unit]) -> None:
        """Watch these, besides those that are watched already."""
        with self._lock:
            for unit in units:
                if unit.name not in self._threads:
                    thread = threading.Thread(
                        target=self._look_after,
                        args=(unit,),
                        name=f"obstack-watch-{unit.name}",
                        daemon=True,
                    )
                    self._threads[unit.name] = thread
                    thread.start()

    def end(self) -> None:
        """Stop watching."""
        self._stop.set()
        with self._lock:
            for thread in self._threads.values():
                thread.join(timeout=5)
            self._threads.clear()
        self._stop.clear()

    def _look_after(self, unit: Unit) -> None:
        while not self._stop.wait(self._every):
            try:
                unit.look()
            except Exception as error:  # noqa: BLE001 the watch goes on, the error stays visible
                self.last_error = error
