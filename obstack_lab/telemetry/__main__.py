"""`python -m obstack_lab.telemetry --port N [--no-retention] [--data DIR]`: the store alone."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

import uvicorn

from obstack_lab.settings import LabHome
from obstack_lab.telemetry.app import build_app
from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.heap import few_arenas
from obstack_lab.telemetry.housekeeper import Retention


def parser() -> argparse.ArgumentParser:
    """Return the command line of the store."""
    line = argparse.ArgumentParser(prog="python -m obstack_lab.telemetry", description=__doc__)
    line.add_argument("--port", type=int, default=3100, help="the one port of all its APIs")
    line.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    line.add_argument("--data", type=Path, help="its folder (default: data/ of the lab's home)")
    line.add_argument("--no-retention", action="store_true", help="keep data of any age and size")
    return line


def main() -> None:
    """Serve until TERM or INT, then write what is buffered and end."""
    few_arenas()
    options = parser().parse_args()
    logging.basicConfig(level=logging.WARNING)
    folder = options.data or LabHome.find().data
    retention = Retention(seconds=None, megabytes=None) if options.no_retention else Retention()
    database = Database(folder / "telemetry.duckdb")
    config = uvicorn.Config(
        build_app(database, retention),
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ws_max_size=1 << 20,
    )
    server = uvicorn.Server(config)
    try:
        asyncio.run(server.serve())
    except KeyboardInterrupt:
        return
    if not server.started:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
