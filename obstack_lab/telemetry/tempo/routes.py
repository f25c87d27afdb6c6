"""Which address of Tempo's API is answered by what."""

from __future__ import annotations

from starlette.routing import BaseRoute

from obstack_lab.telemetry.database import Database


def routes(database: Database) -> list[BaseRoute]:
    """Return the routes of Tempo's API over this database."""
    del database
    return []
