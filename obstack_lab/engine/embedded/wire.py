"""JSON lines over a private unix socket: how the engine talks to the parent and to the edge."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

from obstack_lab.errors import EngineError, Timeout

Event = Callable[[Mapping[str, Any]], None]


class Wire:
    """One connection: numbered questions, their answers, and events in between.

    It is made at a path, or it is one that somebody else has made.
    """

    def __init__(self, line: Path | socket.socket, *, component: str, on_event: Event) -> None:
        self._component = component
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Mapping[str, Any]]] = {}
        self._lock = threading.Lock()
        self._socket = line if isinstance(line, socket.socket) else _connected(line)
        self._reader = threading.Thread(
            target=self._read, name=f"obstack-wire-{component}", daemon=True
        )
        self._reader.start()

    def ask(self, question: Mapping[str, object], *, seconds: float = 5.0) -> Mapping[str, Any]:
        """Send a question and return its answer; an `error` in it is raised."""
        answer: Future[Mapping[str, Any]] = Future()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = answer
            try:
                self._socket.sendall(json.dumps({**question, "id": number}).encode() + b"\n")
            except OSError as error:
                self._waiting.pop(number, None)
                raise self._lost() from error
        try:
            reply = answer.result(timeout=seconds)
        except FutureTimeout as error:
            raise Timeout(
                f"{self._component} did not answer '{question.get('op')}' within {seconds:g} s. "
                f"Restart it: `restart {self._component}`."
            ) from error
        if problem := reply.get("error"):
            raise EngineError(f"{self._component}: {problem}", component=self._component)
        return reply

    def close(self) -> None:
        """Close the connection: whoever is at the other end takes it as the end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout=5)
        self._socket.close()

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                self._take(json.loads(line))
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(self._lost())

    def _take(self, message: Mapping[str, Any]) -> None:
        if "event" in message:
            self._on_event(message)
            return
        with self._lock:
            answer = self._waiting.pop(int(message.get("id", 0)), None)
        if answer is not None:
            answer.set_result(message)

    def _lost(self) -> EngineError:
        return EngineError(
            f"{self._component} is gone. Restart it: `restart {self._component}`.",
            component=self._component,
        )


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line
