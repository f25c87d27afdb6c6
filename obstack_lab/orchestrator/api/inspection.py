"""A closer look at a component: its processes, and the code that it runs."""

from __future__ import annotations

from fastapi import APIRouter

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.process_info import processes
from obstack_lab.orchestrator.views import CodeView, ProcessView


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/components")

    @routes.get("/{name}/processes")
    def of(name: str) -> tuple[ProcessView, ...]:
        """Return the processes of a component: memory, processor, threads, files, connections."""
        return processes(lab.component(name))

    @routes.get("/{name}/code")
    def code(name: str) -> CodeView:
        """Return the code of the release that a service runs."""
        lab.component(name)
        return lab.stage.delivery.code(name)

    return routes
