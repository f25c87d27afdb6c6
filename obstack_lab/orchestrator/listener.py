"""Where the orchestrator listens, and the token it asks for: known before anything starts."""

from __future__ import annotations

import secrets
import socket


class Listener:
    """A free port of the loopback, held from the beginning; it takes callers once it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.token = secrets.token_urlsafe(32)

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()
