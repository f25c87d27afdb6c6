"""Fix forward: a release of the operator's own code."""

from __future__ import annotations

from obstack_lab.orchestrator.actions.instance import instances
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.views import ParameterView


class Release(Action):
    """New code, checked before it is let in."""

    name = "release"
    title = "Release code"
    description = "Builds a release of a service from code of your own and deploys it."
    effect = (
        "The release of every instance, or of one more instance: a canary. Code that does not "
        "compile, come up or stay up on a throwaway instance is refused with its line."
    )
    destructive = "replaces {service}: its requests in flight may fail"
    parameters = (
        ParameterView(
            name="release", kind="text", description="a version that is not there yet: 1.6.9"
        ),
        ParameterView(
            name="code",
            kind="text",
            description="the module, as `GET /v1/components/{name}/code` shows that of today",
        ),
        ParameterView(
            name="canary",
            kind="boolean",
            default=False,
            description="to one instance alone; where there is but one, a second is started",
            optional=True,
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        release = str(params["release"])
        place.delivery.take(at, release, str(params["code"]))
        instance = _canary(place, at) if params.get("canary") else None
        before = place.engine.deploy(at, release, instance=instance)
        return Effect(at, "deploy", f"{instance or at}: {before} → {release}", before, release)


def _canary(place: Place, service: str) -> str:
    """Return the last instance; the first one stays as it is."""
    if len(instances(place, service)) < 2:
        place.engine.scale(service, 2)
    return instances(place, service)[-1].name
