"""Questions to a component: does it live, can it serve? Each with a timeout of its own."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from obstack_lab.errors import EngineError, Timeout

PROBE_TIMEOUT = 1.0
_PAUSE = 0.02
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_pause = threading.Event()

Problem = str
"""What is wrong, in a few words; empty when all is well."""


def wait_ready(
    ask: Callable[[], Problem],
    ended: Callable[[], str | None],
    *,
    component: str,
    seconds: float,
    hint: Callable[[], str],
) -> None:
    """Ask until nothing is wrong. Raises when the process ends or the deadline passes."""
    deadline = time.monotonic() + seconds
    while problem := ask():
        if how := ended():
            raise EngineError(f"{component} {how} while starting. {hint()}", component=component)
        if time.monotonic() > deadline:
            raise Timeout(f"{component} is not ready after {seconds:g} s: {problem}. {hint()}")
        _pause.wait(_PAUSE)


def wait_until(done: Callable[[], bool], *, what: str, seconds: float) -> None:
    """Wait for a condition; the error says what was waited for."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise Timeout(f"Waited {seconds:g} s for {what} in vain. See `./lab logs`.")
        _pause.wait(_PAUSE)


def http_problem(url: str, timeout: float = PROBE_TIMEOUT) -> Problem:
    """Say what is wrong with a URL that should answer 200."""
    try:
        status, _ = request("GET", url, timeout=timeout)
    except OSError as error:
        return _words(error)
    except http.client.HTTPException as error:
        return f"no HTTP: {type(error).__name__}"
    return "" if status == 200 else f"answers {status}"


def request(
    method: str, url: str, body: Mapping[str, object] | None = None, *, timeout: float
) -> tuple[int, Any]:
    """Make one HTTP request; return the status and the JSON answer (or its text)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(
            method,
            parts.path or "/",
            body=None if body is None else json.dumps(body),
            headers={} if body is None else {"Content-Type": "application/json"},
        )
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text
    finally:
        connection.close()


def postgres_problem(port: int, timeout: float = PROBE_TIMEOUT) -> Problem:
    """Ask PostgreSQL whether it speaks TLS: it answers one letter, and logs nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall(_SSL_REQUEST)
            return "" if connection.recv(1) in {b"N", b"S"} else "closes the connection"
    except OSError as error:
        return _words(error)


def _words(error: OSError) -> Problem:
    if isinstance(error, TimeoutError):
        return "does not answer"
    return (error.strerror or type(error).__name__).lower()
