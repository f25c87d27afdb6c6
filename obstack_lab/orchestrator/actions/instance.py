"""Take single instances out of the balance, restart them in turn, weigh a canary."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.interface import Component
from obstack_lab.engine.rollout import rolling_restart
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import INSTANCE
from obstack_lab.orchestrator.views import ParameterView

INSTANCE_NAME = ParameterView(
    name="instance", kind="choice", description="which process of the service"
)


class Drain(Action):
    """No new requests for one instance."""

    name = "drain"
    title = "Drain"
    description = "Lets no new requests come to one instance of a service."
    effect = "The instance's share at the edge becomes 0; what it has begun it ends."
    destructive = "sends no more requests to that instance of {service}"
    target = INSTANCE
    parameters = (INSTANCE_NAME,)

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:
        return named_instances(self.parameters, place, at)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return weigh(place, at, {str(params["instance"]): 0.0})


class Undrain(Action):
    """Requests for one instance again."""

    name = "undrain"
    title = "Undrain"
    description = "Lets requests come to an instance again that was drained."
    effect = "The instance's share at the edge becomes 1, as it is for each from the start."
    target = INSTANCE
    parameters = (INSTANCE_NAME,)

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:
        return named_instances(self.parameters, place, at)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return weigh(place, at, {str(params["instance"]): 1.0})


class ShiftCanary(Action):
    """More or less traffic for the instances at another release."""

    name = "shift_canary"
    title = "Shift canary"
    description = "Sends this share of requests to the instances that run another release."
    effect = "The shares at the edge; the other instances share the rest alike."
    target = INSTANCE
    parameters = (
        ParameterView(
            name="percent",
            kind="number",
            minimum=0,
            maximum=100,
            unit="%",
            description="share of requests for the canary; 0 takes it out",
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        release = place.engine.releases(at)[-1]
        running = instances(place, at)
        canaries = [each.name for each in running if each.release != release]
        others = [each.name for each in running if each.release == release]
        if not canaries or not others:
            raise ActionError(
                f"{at} has no canary: all of its instances run {release}. Begin one with `deploy` "
                "and an `instance`.",
                action=self.name,
                parameter="service",
            )
        share = float(params["percent"]) / 100
        weights = dict.fromkeys(canaries, round(share / len(canaries), 4))
        weights |= dict.fromkeys(others, round((1 - share) / len(others), 4))
        return weigh(place, at, weights)


class RollingRestart(Action):
    """New processes, one after the other."""

    name = "rolling_restart"
    title = "Rolling restart"
    description = "Drains and restarts the instances of a service, one after the other."
    effect = "New processes; with two instances or more, or with a surge, no request has to fail."
    destructive = "restarts the instances of {service}, one after the other"
    parameters = (
        ParameterView(
            name="surge",
            kind="boolean",
            default=False,
            description="one instance more runs meanwhile",
            optional=True,
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        before = pids(place, at)
        count = rolling_restart(place.engine, at, surge=bool(params.get("surge")))
        result = f"{at}: {count} of {count} restarted and healthy"
        return Effect(at, "restart", result, before, pids(place, at))


def instances(place: Place, service: str) -> tuple[Component, ...]:
    """Return the instances of a service; one that runs alone has the name of a first one."""
    found = next((c for c in place.engine.components() if c.name == service), None)
    if found is None:
        raise UnknownName("service", service, place.services)
    return found.children or tuple(
        Component(name, "service", found.state, found.pid, found.release, found.address)
        for name in place.engine.weigh(service, {})
    )


def pids(place: Place, service: str) -> str:
    """Return the processes of a service's instances, as the journal tells them."""
    found = instances(place, service)
    return ", ".join(f"{c.name} pid {c.pid}" if c.pid else f"{c.name} not running" for c in found)


def named_instances(
    form: tuple[ParameterView, ...], place: Place, service: str
) -> tuple[ParameterView, ...]:
    """Return a form whose `instance` may be one of those that run."""
    names = tuple(each.name for each in instances(place, service))
    return tuple(
        each.model_copy(update={"choices": names}) if each.name == "instance" else each
        for each in form
    )


def weigh(place: Place, service: str, weights: Mapping[str, float]) -> Effect:
    """Set shares at the edge; the effect says what each instance's was and is."""
    old = place.engine.weigh(service, weights)
    before, after = _shares(old), _shares({**old, **weights})
    return Effect(service, "weight", f"{service}: {before} → {after}", before, after)


def _shares(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={weight:g}" for name, weight in weights.items())
