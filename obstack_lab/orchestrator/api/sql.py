"""`POST /v1/sql`: read-only questions to the database, journalled like any query."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from obstack_lab.errors import LabError, QueryError
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.sql import ask
from obstack_lab.orchestrator.views import SqlRequest, SqlView
from obstack_lab.review.journal import QueryEntry

_DATABASE = "postgres"


def router(lab: Orchestrator) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.post("/sql")
    def sql(request: SqlRequest, x_obstack_client: Annotated[str, Header()] = "") -> SqlView:
        """Ask one statement: read only, at most five seconds."""
        asked = QueryEntry(
            at=lab.stage.clock(), language="sql", query=request.query, client=x_obstack_client
        )
        try:
            found = ask(lab.stage.engine.address(_DATABASE), request.query, request.limit)
        except LabError as error:
            status = 400 if isinstance(error, QueryError) else 502
            lab.asked(asked.model_copy(update={"status": status}))
            raise
        lab.asked(asked.model_copy(update={"rows": len(found.rows)}))
        return found

    return routes
