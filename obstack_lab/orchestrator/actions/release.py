"""Deploy a release of a service, or go back to the one before."""

from __future__ import annotations

from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.instance import INSTANCE_NAME, named_instances
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.views import ParameterView

_REPLACED = "replaces {service}: its requests in flight may fail"


class Rollback(Action):
    """Puts the release in place that ran before the present one."""

    name = "rollback"
    title = "Roll back"
    description = "Replaces a service by the release that ran before the present one."
    effect = "The release of every instance; requests in flight may fail."
    destructive = _REPLACED

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        history = place.releases(at)
        now = history[-1]
        earlier = [release for release in history if release != now]
        if not earlier:
            raise ActionError(
                f"{at} {now} has no earlier release to go back to.",
                action=self.name,
                parameter="service",
            )
        before = place.engine.deploy(at, earlier[-1])
        return Effect(at, "rollback", f"{at}: {before} → {earlier[-1]}", before, earlier[-1])


class Deploy(Action):
    """Puts a release in place that this service has had in this run."""

    name = "deploy"
    title = "Deploy"
    description = "Replaces a service, or one instance of it, by a release of your choice."
    effect = "The release of every instance, or of one: a canary."
    destructive = _REPLACED
    parameters = (
        ParameterView(
            name="release", kind="choice", description="a release that this service has had"
        ),
        INSTANCE_NAME.model_copy(
            update={"optional": True, "description": "this one alone: a canary"}
        ),
    )

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:
        had = place.releases(at)
        release, instance = named_instances(self.parameters, place, at)
        choices = {"choices": tuple(sorted(set(had))), "default": had[-1]}
        return release.model_copy(update=choices), instance

    def do(self, place: Place, at: str, params: Params) -> Effect:
        wanted = str(params["release"])
        instance = params.get("instance")
        canary = None if instance is None else str(instance)
        before = place.engine.deploy(at, wanted, instance=canary)
        return Effect(at, "deploy", f"{canary or at}: {before} → {wanted}", before, wanted)
