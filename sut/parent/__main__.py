"""`python -m sut.parent --socket PATH`: fork services on command until the owner goes."""

from __future__ import annotations

import os

os.environ.setdefault("SPT_NOENV", "1")  # setproctitle must leave /proc/PID/environ as it is

import argparse
import gc
import sys
import threading
from importlib import import_module
from pathlib import Path

from setproctitle import setproctitle

from sut import control
from sut.parent.nursery import Nursery
from sut.release import load_all

PRELOADED = (
    "aiohttp",
    "concurrent.futures.thread",
    "email.parser",
    "encodings.ascii",
    "encodings.idna",
    "fastapi.applications",
    "opentelemetry.context.contextvars_context",
    "psycopg_pool",
    "pydantic.v1",
    "uvicorn.lifespan.off",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.server",
)
"""Imported by the libraries when they are first used: better once here than in each child."""


def main(arguments: list[str] | None = None) -> int:
    """Serve the control socket; 0 when it was asked to end."""
    parser = argparse.ArgumentParser(prog="python -m sut.parent", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    path = parser.parse_args(arguments).socket
    for name in PRELOADED:
        import_module(name)
    load_all()
    if threading.active_count() > 1:
        sys.stderr.write("An import started a thread; forking is not safe with threads.\n")
        return 1
    setproctitle("sut: services")
    gc.collect()
    gc.freeze()
    listener = control.listen(path)
    try:
        Nursery(listener).run()
    finally:
        path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
