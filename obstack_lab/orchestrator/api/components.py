"""The control agent: `/v1/components`. What is done here during a run stands in its change log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from obstack_lab.engine.rollout import rolling_restart
from obstack_lab.orchestrator.component_views import RestartRequest
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.service_settings import check
from obstack_lab.orchestrator.views import (
    ComponentView,
    ConfigView,
    LogsView,
    ScaleRequest,
    SignalRequest,
)
from obstack_lab.review.journal import Change, Scalar

_WHO = "operator"
_AT_ONCE = RestartRequest()


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
        before = lab.component(name).state
        engine.signal(name, request.signal)
        changed(lab, name, "signal", before, request.signal)
        return lab.component(name)

    @routes.post("/{name}/restart")
    def restart(name: str, request: RestartRequest = _AT_ONCE) -> ComponentView:
        """Stop and start a component; answered when it is healthy."""
        before = lab.component(name)
        with lab.stage.orders.on(name):
            if request.rolling or request.surge:
                rolling_restart(engine, name, surge=request.surge)
            else:
                engine.restart(name)
        changed(lab, name, "restart", _pids(before), _pids(lab.component(name)))
        return lab.component(name)

    @routes.post("/{name}/scale")
    def scale(name: str, request: ScaleRequest) -> ComponentView:
        """Run this many instances of a service."""
        lab.component(name)
        with lab.stage.orders.on(name):
            before = engine.scale(name, request.instances)
        changed(lab, name, "scale", str(before), str(request.instances))
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
        changed(lab, name, "config", _text(before), _text(changes))
        return ConfigView(component=name, values=dict(engine.config(name)), before=before)


def _text(values: dict[str, Scalar]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _pids(component: ComponentView) -> str:
    processes = component.children or (component,)
    return ", ".join(f"pid {each.pid}" if each.pid else "no process" for each in processes)


def changed(lab: Orchestrator, name: str, what: Change, before: str, after: str) -> None:
    """Write into the change log what an operator did through these routes."""
    lab.changed(who=_WHO, component=name, what=what, before=before, after=after)
