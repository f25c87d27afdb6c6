"""`python -m sut.health URL`: 0 where a URL answers 200, else 1. What containers are probed by."""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Ask once."""
    parts = urlsplit(arguments[0])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
