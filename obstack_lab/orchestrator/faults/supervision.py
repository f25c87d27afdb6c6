"""A health check that was changed: a supervisor that restarts, or takes away, what is well."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.interface import UNSUPERVISED, Engine, Node, Policy, Probe
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "deploy-bot"
_ENDLESS = 100_000
_FORM = {
    "component": Field(),
    "check": Field(choices=("liveness", "readiness")),
    "path": Field(required=False),
    "timeout": Field("number", required=False, least=0.001, most=60),
    "every": Field("number", required=False, least=0.1, most=60),
    "failures": Field("whole number", required=False, least=1, most=100),
}


class SupervisionDriver:
    """Puts `component` under a `check` of this `path`, `timeout`, `every` and number of `failures`.

    A liveness check restarts what fails it; a readiness check takes its traffic away. Gone once
    the component has another policy.
    """

    id = "supervision"

    def __init__(self) -> None:
        self._before: dict[str, Policy] = {}

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - a restart is news
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        component, probe = _component(injection), _probe(injection.params)
        before = engine.supervise(component, _policy(injection.params))
        self._before.setdefault(injection.canary, before)
        change = ChangeEntry(
            at=now,
            who=_WHO,
            component=component,
            what="config",
            after=(
                f"{injection.params['check']} check: {probe.path} within {probe.timeout:g} s, "
                f"{probe.failures} failures"
            ),
        )
        return injection, (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        if not self.residual(engine, injection):
            return
        component = _component(injection)
        engine.supervise(component, self._before.get(injection.canary, UNSUPERVISED))
        if _find(engine.tree(), component).state != "healthy":
            engine.restart(component)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return _find(engine.tree(), _component(injection)).policy == _policy(injection.params)


def _component(injection: Injection) -> str:
    return str(injection.params["component"])


def _probe(params: Mapping[str, Scalar]) -> Probe:
    usual = Probe()
    return Probe(
        path=str(params.get("path", usual.path)),
        every=float(params.get("every", usual.every)),
        timeout=float(params.get("timeout", usual.timeout)),
        failures=int(params.get("failures", usual.failures)),
    )


def _policy(params: Mapping[str, Scalar]) -> Policy:
    probe = _probe(params)
    if params["check"] == "readiness":
        return Policy(readiness=probe)
    return Policy(restart="always", liveness=probe, most=_ENDLESS)


def _find(node: Node, name: str) -> Node:
    for each in _all(node):
        if each.name == name:
            return each
    raise UnknownName("component", name)


def _all(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in _all(child))]
