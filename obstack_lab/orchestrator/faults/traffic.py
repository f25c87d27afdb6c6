"""Users, and others, who do what nobody has planned for."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from obstack_lab.engine.interface import Engine
from obstack_lab.load.step import STEPS
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_FORM = {
    "does": Field(choices=("surge", "mix", "crave", "search", "flood")),
    "factor": Field("number", required=False, least=0.01, most=100),
    "product": Field("whole number", required=False, least=1),
    "share": Field("number", required=False, least=0, most=1),
    "text": Field(required=False),
    "step": Field(
        choices=tuple(name for name, step in STEPS.items() if not step.needs), required=False
    ),
    "rate": Field("number", required=False, least=0.1, most=1000),
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "surge": ("factor",),
    "mix": (),
    "crave": ("product", "share"),
    "search": ("text", "share"),
    "flood": ("step", "rate"),
}
_USUAL: Mapping[str, Mapping[str, object]] = {
    "surge": {"factor": 1},
    "mix": {"weights": {}},
    "crave": {"product": 1, "share": 0},
    "search": {"text": "", "share": 0},
    "flood": {"step": "catalogue", "rate": 0},
}


class TrafficDriver:
    """Tells the load what `does` says; there until it is cleared: nobody can send users home.

    `surge` (`factor` times the schedule's rate), `mix` (journeys by weight, each a parameter),
    `crave` (one `product` in a `share` of requests), `search` (a `text` in a `share` of the
    catalogue's requests), `flood` (a `step` at a `rate`, by nobody who is a user). It comes back
    with a load that was started anew.
    """

    id = "traffic"

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        """the generation of the load that was told, by canary"""
        self._lock = threading.Lock()

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        does = str(params.get("does"))
        found = problems(_FORM, params, more_allowed=does == "mix")
        missing = [
            f"needs '{name}' for {does}" for name in _NEEDS.get(does, ()) if name not in params
        ]
        if does == "mix" and not any(_is_weight(value) for value in _weights(params).values()):
            missing.append("needs the weight of a journey for mix")
        return (*found, *missing)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        self._tell(engine, injection)
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        does = str(injection.params["does"])
        with self._lock:
            if self._told.pop(injection.canary, None) is not None:
                engine.load_pipe().send({"op": does, **_USUAL[does]})

    def residual(self, engine: Engine, injection: Injection) -> bool:
        told = self._told.get(injection.canary)
        if told is not None and told != engine.load_pipe().generation:
            self._tell(engine, injection)
        return told is not None

    def _tell(self, engine: Engine, injection: Injection) -> None:
        pipe = engine.load_pipe()
        with self._lock:
            generation = pipe.generation
            pipe.send(_command(injection.params))
            self._told[injection.canary] = generation


def _command(params: Mapping[str, Scalar]) -> dict[str, object]:
    does = str(params["does"])
    if does == "mix":
        return {"op": "mix", "weights": _weights(params)}
    return {"op": does, **{name: params[name] for name in _NEEDS[does]}}


def _weights(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in params.items() if name not in _FORM}


def _is_weight(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
