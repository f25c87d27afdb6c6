"""Notices components that die or come back on nobody's order, and keeps orders apart."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from obstack_lab.engine.interface import Component
from obstack_lab.errors import WrongPhase

_DOWN = {"starting": 0, "healthy": 0, "unhealthy": 1, "stopped": 2, "failed": 2}


class Orders:
    """One order at a time on a component; thread-safe."""

    def __init__(self, patience: float = 30) -> None:
        self._patience = patience
        self._locks: dict[str, threading.Lock] = {}
        self._wanted: Counter[str] = Counter()
        self._touched: set[str] = set()
        self._guard = threading.Lock()

    @contextmanager
    def on(self, *components: str) -> Iterator[None]:
        """Hold components while something is done to them; raise WrongPhase after the patience."""
        held: list[threading.Lock] = []
        names = sorted(set(components))
        with self._guard:
            self._wanted.update(names)
        try:
            for name in names:
                with self._guard:
                    lock = self._locks.setdefault(name, threading.Lock())
                if not lock.acquire(timeout=self._patience):
                    raise WrongPhase(
                        f"Something else is still being done to {name}. Try again in a moment."
                    )
                held.append(lock)
            yield
        finally:
            for lock in held:
                lock.release()
            with self._guard:
                self._wanted.subtract(names)
                self._touched.update(names)

    def touched(self) -> frozenset[str]:
        """Return the components that an order was at work on since the last call."""
        with self._guard:
            now = {name for name, count in self._wanted.items() if count > 0}
            touched, self._touched = frozenset(self._touched | now), now
            return touched


class Watch:
    """Compares what components are with what they were a second ago."""

    def __init__(self) -> None:
        self._last: dict[str, Component] = {}

    def look(
        self, components: Iterable[Component], ordered: frozenset[str]
    ) -> tuple[tuple[str, str], ...]:
        """Return (component, what happened) for each change that nobody ordered.

        That one is well for the first time is no news, nor is that it was not yet.
        """
        now = {c.name: c for c in _flat(components)}
        seen = dict(now)
        happened = []
        for name, component in now.items():
            before = self._last.get(name)
            if before is None and component.state != "failed":
                if component.state == "unhealthy":
                    del seen[name]
                continue
            parts = {part.name for part in component.children}
            if name in ordered or name.rsplit("-", 1)[0] in ordered or parts & ordered:
                if component.state == "failed":  # nobody orders that: told when the order is over
                    del seen[name]
                    if before is not None:
                        seen[name] = before
                continue
            if what := _change(before, component):
                happened.append((name, what))
        self._last = seen
        return tuple(happened)


def _change(before: Component | None, now: Component) -> str:
    """Return what has become of a component, `''` where nothing to be told."""
    was = _DOWN[before.state] if before else 0
    if _DOWN[now.state] > was:
        return f"{now.state}: {now.detail}" if now.detail else now.state
    if now.state == "healthy" and was:
        return "is healthy again"
    if before and now.pid != before.pid and now.pid and before.pid:
        return "was started anew"
    return ""


def _flat(components: Iterable[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _flat(component.children)
