"""Which benchmarks there are; each is loaded when it is played."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import UnknownName

NAMES = (
    "start",
    "memory",
    "cpu",
    "react",
    "action",
    "restart",
    "load",
    "panels",
    "explore",
    "logql",
    "traceql",
    "ingest",
    "soak",
    "compose",
)
"""In the order of playing; each is a module of this room with one function, `measure`."""


def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the benchmarks of these names in the order of playing, all for none."""
    for name in names:
        if name not in NAMES:
            raise UnknownName("benchmark", name, NAMES)
    return tuple(name for name in NAMES if not names or name in names)


def benchmark(name: str) -> Callable[[Setting], Measured]:
    """Return the function that measures."""
    measure: Callable[[Setting], Measured] = import_module(f"obstack_lab.bench.{name}").measure
    return measure
