"""One route an action: `POST /v1/runs/{run}/actions/NAME`, its parameters the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body

from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.body import body_schema
from obstack_lab.orchestrator.actions.interface import Action
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.views import ActionRequest, ActionResult
from obstack_lab.review.journal import Scalar


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    for action in ACTIONS.values():
        routes.add_api_route(
            f"/runs/{{run}}/actions/{action.name}",
            _route(lab, action.name),
            methods=["POST"],
            response_model=ActionResult,
            operation_id=action.name,
            summary=action.title,
            description=action.description,
            openapi_extra=_request(action),
        )
    return routes


def _route(lab: Orchestrator, name: str) -> Callable[..., ActionResult]:
    def act(run: str, params: Annotated[Any, Body()] = None) -> ActionResult:
        return lab.play(run).act(ActionRequest(action=name, params=_flat(name, params)))

    return act


def _flat(name: str, params: Any) -> dict[str, Scalar]:
    """Return a body as parameters; raise ActionError that names what is no single value."""
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise ActionError(f"{name} takes a JSON object of parameters.", action=name)
    for key, value in params.items():
        if not isinstance(value, bool | int | float | str):
            raise ActionError(
                f"{key} is refused: it must be text, a number, true or false.",
                action=name,
                parameter=str(key),
            )
    return params


def _request(action: Action) -> dict[str, Any]:
    content = {"application/json": {"schema": body_schema(action)}}
    return {"requestBody": {"required": True, "content": content}}
