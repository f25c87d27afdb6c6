"""Trouble on the way between two components: any toxic, on any route of the edge."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.interface import Engine, Toxic
from obstack_lab.engine.topology import ROUTES
from obstack_lab.engine.toxics import need_toxic
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_FORM = {
    "route": Field(choices=tuple(route.name for route in ROUTES)),
    "type": Field(),
    "stream": Field(choices=("upstream", "downstream"), required=False),
    "toxicity": Field("number", required=False, least=0, most=1),
}


class NetworkDriver:
    """Puts a toxic of `type` on `route`; every further parameter is an attribute of the toxic.

    Gone once the toxic is off the route.
    """

    id = "network"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        if found := problems(_FORM, params, more_allowed=True):
            return found
        route = next(route for route in ROUTES if route.name == params["route"])
        try:
            need_toxic(route, _toxic(params))
        except ActionError as error:
            return (f"refuses the toxic: {error}",)
        return ()

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        engine.network.add_toxic(_route(injection), injection.id, _toxic(injection.params))
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        engine.network.remove_toxic(_route(injection), injection.id)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return injection.id in engine.network.toxics(_route(injection))


def _route(injection: Injection) -> str:
    return str(injection.params["route"])


def _toxic(params: Mapping[str, Scalar]) -> Toxic:
    attributes = {name: value for name, value in params.items() if name not in _FORM}
    return Toxic(
        type=str(params["type"]),
        stream="upstream" if params.get("stream") == "upstream" else "downstream",
        toxicity=float(params.get("toxicity", 1.0)),
        attributes=attributes,
    )
