"""Which component answers which telemetry API: one for logs and traces, or one for each."""

from __future__ import annotations

from collections.abc import Iterable

from obstack_lab.engine.interface import Component, Engine
from obstack_lab.orchestrator.question import Backend

_TOGETHER = "telemetry"


def store_of(engine: Engine, backend: Backend) -> str:
    """Return the name of the component: the backend's own, else the store of everything."""
    if backend == "prometheus" or _has(engine.components(), backend):
        return backend
    return _TOGETHER


def _has(components: Iterable[Component], name: str) -> bool:
    return any(each.name == name or _has(each.children, name) for each in components)
