"""`python -m sut.relay PATH`: join this process's input and output to a unix socket.

By it the owner of a helper process in a container holds its control line from outside. It ends
with the socket; it lets go of the socket when its input ends.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import threading
import time

SECONDS = 20.0
_PAUSE = 0.02
_CHUNK = 1 << 16


def main(arguments: list[str]) -> int:
    """Relay until one side ends: 0, or 1 where nobody listens at the path within SECONDS."""
    with socket.socket(socket.AF_UNIX) as line:
        deadline, pause = time.monotonic() + SECONDS, threading.Event()
        while line.connect_ex(arguments[0]):
            if time.monotonic() > deadline:
                sys.stderr.write(f"nobody listens at {arguments[0]}\n")
                return 1
            pause.wait(_PAUSE)
        _join(line, sys.stdin.fileno(), sys.stdout.fileno())
    return 0


def _join(line: socket.socket, source: int, sink: int) -> None:
    selector = selectors.DefaultSelector()
    selector.register(line, selectors.EVENT_READ)
    selector.register(source, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            data = line.recv(_CHUNK) if key.fileobj is line else os.read(source, _CHUNK)
            if not data:
                return
            if key.fileobj is line:
                _write(sink, data)
            else:
                line.sendall(data)


def _write(sink: int, data: bytes) -> None:
    while data:
        data = data[os.write(sink, data) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
