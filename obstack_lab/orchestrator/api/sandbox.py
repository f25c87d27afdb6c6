"""The sandbox: `/v1/sandbox`. While an incident is played, all of it answers 409."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import ConfigDict, Field

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.views import FaultView, LoadView
from obstack_lab.review.journal import Scalar
from obstack_lab.scenario.model import LoadPhase

_MOST = 1000


class LoadRequest(LoadPhase):
    """Who shall come from now on: a phase that goes on for ever, and which journeys they begin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: float = Field(gt=0, le=_MOST, description="requests per second")
    mix: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={}, description="weights of journeys; none: as before"
    )

    @property
    def phase(self) -> LoadPhase:
        """The phase alone."""
        return LoadPhase.model_validate(self.model_dump(exclude={"mix"}))


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/sandbox")

    @routes.get("/faults")
    def faults() -> tuple[FaultView, ...]:
        """Return every fault that can be set in, and which are; 409 while an incident is played."""
        return lab.faults()

    @routes.post("/faults/{fault}")
    def inject(fault: str, params: Annotated[dict[str, Scalar] | None, Body()] = None) -> FaultView:
        """Set a fault in; parameters in the body replace those of the catalogue."""
        return lab.sandbox().inject(fault, params or {})

    @routes.delete("/faults/{fault}")
    def clear(fault: str) -> tuple[FaultView, ...]:
        """Take a fault back; one that is not set in changes nothing."""
        return lab.sandbox().hand.clear(fault)

    @routes.delete("/faults")
    def clear_all() -> tuple[FaultView, ...]:
        """Take every fault back."""
        return lab.sandbox().hand.clear()

    @routes.put("/load")
    def load(request: LoadRequest) -> LoadView:
        """Let so many users come from now on, by a pattern, with a mix of journeys."""
        return lab.sandbox().load(request.phase, request.mix)

    return routes
