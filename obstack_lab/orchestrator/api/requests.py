"""`POST /v1/requests`: one request as a user would send it, to look at its trace."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.user_request import UserRequest
from obstack_lab.orchestrator.views import TracedView, TraceRequest
from obstack_lab.review.journal import QueryEntry

_GATEWAY = "gateway"


def router(lab: Orchestrator) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.post("/requests")
    def send(request: TraceRequest, x_obstack_client: Annotated[str, Header()] = "") -> TracedView:
        """Send one request to the gateway, beside the ledger; return the id of its trace."""
        wanted = UserRequest.named(request.request)
        traced = wanted.send(lab.stage.engine.address(_GATEWAY))
        asked = QueryEntry(
            at=lab.stage.clock(), language="trace", query=traced.trace_id, client=x_obstack_client
        )
        lab.asked(asked)
        return traced

    return routes
