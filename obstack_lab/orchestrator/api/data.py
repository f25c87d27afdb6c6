"""The shop's data: `/v1/data`. While an incident is played its data stays: 409."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.views import DataRequest, DataView


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/data")

    def view() -> DataView:
        return DataView(snapshots=lab.stage.engine.data.snapshots())

    @routes.get("")
    def data() -> DataView:
        """Return the copies of the data there are."""
        return view()

    @routes.post("/reset")
    def reset() -> DataView:
        """Make the data what it was when the standard data set had been loaded."""
        lab.data().reset()
        return view()

    @routes.post("/load")
    def load(request: DataRequest) -> DataView:
        """Put a data set of the lab's machine in the place of the data: all of it or nothing."""
        lab.data().load(Path(request.source))
        return view()

    @routes.put("/snapshots/{name}")
    def snapshot(name: str) -> DataView:
        """Keep a copy of the data under a name."""
        lab.data().snapshot(name)
        return view()

    @routes.post("/snapshots/{name}/restore")
    def restore(name: str) -> DataView:
        """Put a copy in the place of the data."""
        lab.data().restore(name)
        return view()

    @routes.delete("/snapshots/{name}")
    def forget(name: str) -> DataView:
        """Drop a copy; one that is not there changes nothing."""
        lab.data().forget(name)
        return view()

    return routes
