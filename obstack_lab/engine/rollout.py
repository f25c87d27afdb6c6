"""Every instance of a service anew, one after the other, so that users notice nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from obstack_lab.engine.interface import Engine
from obstack_lab.engine.request import MAX_INSTANCES


def rolling_restart(engine: Engine, service: str, *, surge: bool = False) -> int:
    """Drain and restart the instances in turn; return how many.

    With `surge` one more runs meanwhile, so that a service of one instance goes on, too. Raises
    EngineError at the first that does not become healthy: the others are left as they are.
    """
    names = tuple(engine.weigh(service, {}))
    extra = surge and 0 < len(names) < MAX_INSTANCES
    if extra:
        engine.scale(service, len(names) + 1)
    try:
        for name in names:
            with _drained(engine, service, name, alone=len(names) == 1 and not extra):
                engine.restart(name)
    finally:
        if extra:
            engine.scale(service, len(names))
    return len(names)


@contextmanager
def _drained(engine: Engine, service: str, instance: str, *, alone: bool) -> Iterator[None]:
    """Keep new requests from an instance, unless there is nobody else to take them."""
    if alone:
        yield
        return
    before = engine.weigh(service, {instance: 0.0})
    try:
        yield
    finally:
        engine.weigh(service, {instance: before[instance]})
