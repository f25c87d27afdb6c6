"""The control line of a helper process: JSON lines on a private unix socket, and a leash.

The first client is the owner: when it goes, the process ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import orjson

MAX_LINE = 1 << 20


class BadCommand(ValueError):
    """A command that cannot be carried out; the message is the answer's `error`."""


def listen(path: Path) -> socket.socket:
    """Return a socket that listens at `path`, for this user alone."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(4)
    return listener


def parse(line: bytes) -> dict[str, object]:
    """Return a command. Raise BadCommand where the line is no JSON object."""
    try:
        command = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadCommand(f"this is not JSON: {error}") from error
    if not isinstance(command, dict):
        raise BadCommand("a command is a JSON object")
    return command


def encode(message: Mapping[str, object]) -> bytes:
    """Return a message as a JSON line."""
    return orjson.dumps(message) + b"\n"


def text(command: Mapping[str, object], key: str) -> str:
    """Return a text that a command must have."""
    value = command.get(key)
    if not isinstance(value, str) or not value:
        raise BadCommand(f"'{key}' must be a text")
    return value


def number(command: Mapping[str, object], key: str, default: float | None = None) -> float:
    """Return a number that a command must have, unless there is a default; never negative."""
    value = command.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e9:
        raise BadCommand(f"'{key}' must be a number, 0 or more")
    return float(value)
