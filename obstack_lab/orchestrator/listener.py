"""Where the orchestrator listens, and the token it asks for: known before anything starts."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


class Listener:
    """A free port of the loopback, held from the beginning; it takes callers once it is told to."""

    def __init__(self) -> None:
        port = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        port.bind(("127.0.0.1", 0))
        self.sockets = [port]
        self.url = f"http://127.0.0.1:{port.getsockname()[1]}"
        self.token = secrets.token_urlsafe(32)

    def open_door(self, path: Path) -> None:
        """Listen at a unix socket, too: containers that the folder is given to come by it."""
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            # However long the path is, the kernel sees a short one (108 bytes is its limit).
            door.bind(f"/proc/self/fd/{folder}/{path.name}")
            path.chmod(0o666)
        finally:
            os.close(folder)
        self.sockets.append(door)

    def close(self) -> None:
        """Give the port back."""
        for each in self.sockets:
            each.close()
