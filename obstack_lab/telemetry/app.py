"""The store as one web application: Loki's and Tempo's addresses on one port."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from obstack_lab.telemetry import metrics
from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.housekeeper import Housekeeper, Retention
from obstack_lab.telemetry.loki.routes import routes as loki_routes
from obstack_lab.telemetry.tempo.routes import routes as tempo_routes


async def ready(_request: Request) -> PlainTextResponse:
    """Say that the store takes data and questions."""
    return PlainTextResponse("ready\n")


async def no_page(_request: Request, _error: Exception) -> PlainTextResponse:
    """Answer an unknown address as Go's servers do."""
    return PlainTextResponse(
        "404 page not found\n", 404, headers={"X-Content-Type-Options": "nosniff"}
    )


async def no_method(_request: Request, _error: Exception) -> Response:
    """Answer a method that an address does not take as Go's routers do."""
    return Response(status_code=405)


def build_app(database: Database, retention: Retention) -> Starlette:
    """Return the application; its lifespan runs the housekeeper and closes the database."""
    housekeeper = Housekeeper(database, retention)

    def exposition(_request: Request) -> PlainTextResponse:
        return metrics.exposition(housekeeper)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        housekeeper.start()
        try:
            yield
        finally:
            housekeeper.stop()
            database.close()

    return Starlette(
        routes=[
            Route("/ready", ready),
            Route("/metrics", exposition),
            *loki_routes(database),
            *tempo_routes(database),
        ],
        lifespan=lifespan,
        exception_handlers={404: no_page, 405: no_method},
    )
