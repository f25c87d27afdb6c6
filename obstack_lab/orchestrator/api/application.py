"""Puts the API together."""

from __future__ import annotations

import httpx
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from obstack_lab.orchestrator.api import (
    actions,
    components,
    control,
    data,
    events,
    failure,
    inspection,
    notifications,
    requests,
    runs,
    sandbox,
    sql,
    telemetry,
)
from obstack_lab.orchestrator.api.broadcast import Broadcast
from obstack_lab.orchestrator.api.security import Guard
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.views import StatusView


def application(
    lab: Orchestrator,
    broadcast: Broadcast,
    token: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> ASGIApp:
    """Return the whole API behind its guard; OpenAPI is at `/openapi.json`."""
    app = FastAPI(
        title="ObservaStack Lab", version=lab.status().version, docs_url=None, redoc_url=None
    )
    failure.install(app)
    v1 = APIRouter(prefix="/v1")

    @v1.get("/status")
    def status() -> StatusView:
        """Return the lab as a whole; answers while components still start, too."""
        return lab.status()

    v1.include_router(runs.router(lab))
    v1.include_router(actions.router(lab))
    v1.include_router(components.router(lab))
    v1.include_router(control.router(lab))
    v1.include_router(inspection.router(lab))
    v1.include_router(data.router(lab))
    v1.include_router(sandbox.router(lab))
    v1.include_router(requests.router(lab))
    v1.include_router(sql.router(lab))
    v1.include_router(notifications.router(lab))
    v1.include_router(telemetry.router(lab, transport))
    v1.include_router(events.router(broadcast))
    app.include_router(v1)
    return Guard(app, token)
