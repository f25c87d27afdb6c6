"""Free ports on the loopback, one a name, kept for the engine's life."""

from __future__ import annotations

import socket
import threading


class Ports:
    """Gives each name a free port; the same name gets the same port again."""

    def __init__(self) -> None:
        self._ports: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, name: str) -> int:
        """Return the port of a name."""
        with self._lock:
            while name not in self._ports:
                port = _free()
                if port not in self._ports.values():
                    self._ports[name] = port
            return self._ports[name]


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
