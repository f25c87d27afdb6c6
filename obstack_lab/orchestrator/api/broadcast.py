"""Hands each published snapshot to every open WebSocket; a slow one misses some, not all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

Queue = asyncio.Queue[str]


class Broadcast:
    """Published to from any thread, listened to from event loops."""

    def __init__(self) -> None:
        self._listeners: dict[Queue, asyncio.AbstractEventLoop] = {}
        self._latest = ""
        self._lock = threading.Lock()

    def publish(self, text: str) -> None:
        """Give a snapshot to all who listen."""
        with self._lock:
            self._latest = text
            listeners = tuple(self._listeners.items())
        for queue, loop in listeners:
            try:
                loop.call_soon_threadsafe(_replace, queue, text)
            except RuntimeError:
                continue

    @contextmanager
    def listen(self) -> Iterator[Queue]:
        """Give a queue on which the latest snapshot waits; the present one is there at once."""
        queue: Queue = asyncio.Queue(maxsize=1)
        with self._lock:
            self._listeners[queue] = asyncio.get_running_loop()
            if self._latest:
                queue.put_nowait(self._latest)
        try:
            yield queue
        finally:
            with self._lock:
                del self._listeners[queue]


def _replace(queue: Queue, text: str) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(text)
