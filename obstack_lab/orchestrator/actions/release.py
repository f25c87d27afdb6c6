"""Deploy a release of a service, or go back to the one before."""

from __future__ import annotations

from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.interface import Effect, Params, Place
from obstack_lab.orchestrator.views import ParameterView

_REPLACED = "replaces {service}: its requests in flight may fail"


class Rollback:
    """Puts the release in place that ran before the present one."""

    name = "rollback"
    title = "Roll back"
    description = "Replaces a service by the release that ran before the present one."
    destructive = _REPLACED

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:  # noqa: ARG002 - the interface
        return ()

    def do(self, place: Place, service: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        history = place.releases(service)
        now = history[-1]
        earlier = [release for release in history if release != now]
        if not earlier:
            raise ActionError(
                f"{service} {now} has no earlier release to go back to.",
                action=self.name,
                parameter="service",
            )
        before = place.engine.deploy(service, earlier[-1])
        return Effect(
            service, "rollback", f"{service}: {before} → {earlier[-1]}", before, earlier[-1]
        )


class Deploy:
    """Puts a release in place that this service has had in this run."""

    name = "deploy"
    title = "Deploy"
    description = "Replaces a service by a release of your choice."
    destructive = _REPLACED

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:
        known = tuple(sorted(set(place.releases(service))))
        return (
            ParameterView(
                name="release",
                kind="choice",
                choices=known,
                default=place.releases(service)[-1],
                description="a release that this service has had",
            ),
        )

    def do(self, place: Place, service: str, params: Params) -> Effect:
        if "release" not in params:
            raise ActionError("Say which release.", action=self.name, parameter="release")
        wanted = str(params["release"])
        before = place.engine.deploy(service, wanted)
        return Effect(service, "deploy", f"{service}: {before} → {wanted}", before, wanted)
