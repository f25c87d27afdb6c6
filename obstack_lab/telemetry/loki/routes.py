"""Which address of Loki's API is answered by what."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from obstack_lab.telemetry.database import Database

BUILD = {
    "version": "3.7.0",
    "revision": "obstack-lab",
    "branch": "main",
    "buildUser": "",
    "buildDate": "",
    "goVersion": "",
}


async def build_info(_request: Request) -> JSONResponse:
    """Answer as a Loki of the version whose language this store speaks."""
    return JSONResponse(BUILD)


def routes(database: Database) -> list[BaseRoute]:
    """Return the routes of Loki's API over this database."""
    del database
    return [Route("/loki/api/v1/status/buildinfo", build_info)]
