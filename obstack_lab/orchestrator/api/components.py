"""The control agent: `/v1/components`. What is done here during a run stands in its change log."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.service_settings import check
from obstack_lab.orchestrator.views import (
    ComponentView,
    ConfigView,
    LogsView,
    ScaleRequest,
    SignalRequest,
)
from obstack_lab.review.journal import Scalar

_WHO = "operator"
_What = Literal["config", "restart", "scale", "signal"]


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/components")
    _reading(routes, lab)
    _process(routes, lab)
    _settings(routes, lab)
    return routes


def _reading(routes: APIRouter, lab: Orchestrator) -> None:
    @routes.get("")
    def components(*, resources: bool = False) -> tuple[ComponentView, ...]:
        """Return every component as a tree; with memory and CPU time where asked for."""
        return lab.components(resources=resources)

    @routes.get("/{name}")
    def component(name: str) -> ComponentView:
        """Return one component."""
        return lab.component(name)

    @routes.get("/{name}/logs")
    def logs(name: str, lines: Annotated[int, Query(ge=1, le=10_000)] = 200) -> LogsView:
        """Return the last lines of a component's log file."""
        lab.component(name)
        return LogsView(component=name, text=lab.stage.engine.logs(name, lines))


def _process(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.post("/{name}/signal")
    def signal(name: str, request: SignalRequest) -> ComponentView:
        """Send a signal to a component's process."""
        lab.component(name)
        engine.signal(name, request.signal)
        _changed(lab, name, "signal", after=request.signal)
        return lab.component(name)

    @routes.post("/{name}/restart")
    def restart(name: str) -> ComponentView:
        """Stop and start a component; answered when it is healthy."""
        lab.component(name)
        with lab.stage.orders.on(name):
            engine.restart(name)
        _changed(lab, name, "restart")
        return lab.component(name)

    @routes.post("/{name}/scale")
    def scale(name: str, request: ScaleRequest) -> ComponentView:
        """Run this many instances of a service."""
        lab.component(name)
        with lab.stage.orders.on(name):
            before = engine.scale(name, request.instances)
        _changed(lab, name, "scale", str(before), str(request.instances))
        return lab.component(name)


def _settings(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.get("/{name}/config")
    def config(name: str) -> ConfigView:
        """Return a service's operator settings."""
        lab.component(name)
        return ConfigView(component=name, values=dict(engine.config(name)))

    @routes.patch("/{name}/config")
    def set_config(name: str, changes: Annotated[dict[str, Scalar], Body()]) -> ConfigView:
        """Change operator settings, effective at once. 422 names the field and its range."""
        lab.component(name)
        if form := lab.stage.settings.of(name):
            check("set_config", form, changes)
        with lab.stage.orders.on(name):
            before = dict(engine.set_config(name, changes))
        _changed(lab, name, "config", _text(before), _text(changes))
        return ConfigView(component=name, values=dict(engine.config(name)), before=before)


def _text(values: dict[str, Scalar]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _changed(lab: Orchestrator, name: str, what: _What, before: str = "", after: str = "") -> None:
    lab.changed(who=_WHO, component=name, what=what, before=before, after=after)
