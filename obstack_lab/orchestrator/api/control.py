"""The control agent's other half: the supervision tree, releases, shares of traffic, policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from fastapi import APIRouter

from obstack_lab.engine.interface import Policy, Probe
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.orchestrator.api.components import changed
from obstack_lab.orchestrator.component_views import (
    DeployRequest,
    InstanceRequest,
    NodeView,
    PolicyView,
    ProbeView,
    ReleasesView,
    WeightsRequest,
    WeightsView,
)
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.views import ComponentView, ConfigView
from obstack_lab.review.journal import Change

_ALL, _NOTHING = 1.0, 0.0


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _supervision(routes, lab)
    _process(routes, lab)
    _releases(routes, lab)
    _traffic(routes, lab)
    return routes


def _supervision(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.get("/tree")
    def tree() -> NodeView:
        """Return the supervision tree: who hangs from whom, and what restarts when it ends."""
        return NodeView.model_validate(asdict(engine.tree()))

    @routes.put("/components/{name}/policy")
    def supervise(name: str, request: PolicyView) -> PolicyView:
        """Say what happens when a component ends by itself; return the policy before."""
        before = PolicyView.model_validate(asdict(engine.supervise(name, _policy(request))))
        changed(lab, name, "config", before.words, request.words)
        return before


def _process(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.post("/components/{name}/pause")
    def pause(name: str) -> ComponentView:
        """Stop a component's processes where they stand (STOP)."""
        before = lab.component(name).state
        engine.signal(name, "STOP")
        changed(lab, name, "signal", before, "STOP")
        return lab.component(name)

    @routes.post("/components/{name}/resume")
    def resume(name: str) -> ComponentView:
        """Let a component's processes go on (CONT)."""
        before = lab.component(name).state
        engine.signal(name, "CONT")
        changed(lab, name, "signal", before, "CONT")
        return lab.component(name)

    @routes.post("/components/{name}/config/reset")
    def reset(name: str) -> ConfigView:
        """Set every operator setting of a service back to its default."""
        lab.component(name)
        now = engine.config(name)
        wanted = {
            setting.name: setting.default
            for setting in lab.stage.settings.of(name)
            if setting.default is not None and now.get(setting.name) != setting.default
        }
        with lab.stage.orders.on(name):
            before = dict(engine.set_config(name, wanted)) if wanted else {}
        if wanted:
            changed(lab, name, "config", _text(before), _text(wanted))
        return ConfigView(component=name, values=dict(engine.config(name)), before=before)


def _releases(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.get("/components/{name}/releases")
    def releases(name: str) -> ReleasesView:
        """Return the releases that a service has had since the stack's start; the last one runs."""
        return ReleasesView(component=name, releases=engine.releases(name))

    @routes.post("/components/{name}/deploy")
    def deploy(name: str, request: DeployRequest) -> ReleasesView:
        """Replace a service by another release, or one instance of it: a canary."""
        try:
            return _put(name, "deploy", request.release, request.instance)
        except UnknownName as error:
            if error.name != request.release:
                raise
            raise ActionError(str(error), action="deploy", parameter="release") from error

    @routes.post("/components/{name}/rollback")
    def rollback(name: str) -> ReleasesView:
        """Replace a service by the release that ran before the present one."""
        history = engine.releases(name)
        earlier = [release for release in history if release != history[-1]]
        if not earlier:
            raise ActionError(
                f"{name} {history[-1]} has no earlier release to go back to.",
                action="rollback",
                parameter="name",
            )
        return _put(name, "rollback", earlier[-1], None)

    def _put(name: str, what: Change, release: str, instance: str | None) -> ReleasesView:
        with lab.stage.orders.on(name):
            before = engine.deploy(name, release, instance=instance)
        changed(lab, instance or name, what, before, release)
        return ReleasesView(component=name, releases=engine.releases(name), before=before)


def _traffic(routes: APIRouter, lab: Orchestrator) -> None:
    engine = lab.stage.engine

    @routes.get("/components/{name}/weights")
    def weights(name: str) -> WeightsView:
        """Return the share of new requests that each instance of a service gets."""
        now = dict(engine.weigh(name, {}))
        return WeightsView(component=name, weights=now, before=now)

    @routes.put("/components/{name}/weights")
    def weigh(name: str, request: WeightsRequest) -> WeightsView:
        """Give instances other shares of new requests; 0 drains one."""
        return _weigh(name, request.weights)

    @routes.post("/components/{name}/drain")
    def drain(name: str, request: InstanceRequest) -> WeightsView:
        """Let no new requests come to one instance of a service."""
        return _weigh(name, {request.instance: _NOTHING})

    @routes.post("/components/{name}/undrain")
    def undrain(name: str, request: InstanceRequest) -> WeightsView:
        """Let requests come again to an instance that was drained."""
        return _weigh(name, {request.instance: _ALL})

    def _weigh(name: str, shares: Mapping[str, float]) -> WeightsView:
        before = dict(engine.weigh(name, shares))
        now = {**before, **shares}
        changed(lab, name, "weight", _text(before), _text(now))
        return WeightsView(component=name, weights=now, before=before)


def _policy(view: PolicyView) -> Policy:
    return Policy(
        restart=view.restart,
        strategy=view.strategy,
        backoff=view.backoff,
        longest=view.longest,
        most=view.most,
        window=view.window,
        liveness=_probe(view.liveness),
        readiness=_probe(view.readiness),
    )


def _probe(view: ProbeView | None) -> Probe | None:
    return None if view is None else Probe(**view.model_dump())


def _text(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
