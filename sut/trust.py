"""Whom a caller believes: the certificate authority behind a service that speaks TLS."""

from __future__ import annotations

import ssl
from pathlib import Path


class Authority:
    """A file with the authority's certificate, read when it is needed and again when it changes."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._read: tuple[int, ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext:
        """Return what verifies the other side. Raise OSError where the file cannot be used."""
        changed = self._path.stat().st_mtime_ns
        if self._read is None or self._read[0] != changed:
            self._read = changed, ssl.create_default_context(cafile=self._path)
        return self._read[1]
