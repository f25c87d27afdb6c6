"""What happens to the containers of a lab, as the engine tells it: when to look again."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from obstack_lab.engine.compose.dock import Dock
from obstack_lab.engine.compose.owner import SERVICE_LABEL

_OLD = 2.0
"""Seconds after which we look again though nothing was told: news can be lost."""
_PAUSE = 0.5


class Events:
    """Counts the news of each service; a number that has changed is a reason to look."""

    def __init__(self, dock: Dock, project: str) -> None:
        self._dock = dock
        self._project = project
        self._news: dict[str, int] = {}
        self._stream: Any = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.last_error: Exception | None = None

    def count(self, service: str) -> int:
        """Return a number that is another one after each event, and every two seconds."""
        return self._news.get(service, 0) * 1_000_000 + int(time.monotonic() / _OLD)

    def begin(self) -> None:
        """Listen from now on; a second call changes nothing."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._listen, name="obstack-container-events", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Listen no more."""
        self._stop.set()
        with contextlib.suppress(Exception):
            self._stream.close()
        if self._thread is not None:
            self._thread.join(timeout=2)
            self._thread = None

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._stream = self._dock.events(self._project)
                for event in self._stream:
                    if self._stop.is_set():
                        return
                    self._take(event)
            except Exception as error:  # noqa: BLE001 we listen again, the error stays visible
                self.last_error = error
            self._stop.wait(_PAUSE)

    def _take(self, event: dict[str, Any]) -> None:
        service = event.get("Actor", {}).get("Attributes", {}).get(SERVICE_LABEL, "")
        self._news[service] = self._news.get(service, 0) + 1
