"""The network of the in-memory engine: it keeps what was put on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager

from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.topology import Route, routes_between
from obstack_lab.engine.toxics import need_route, need_toxic


class MemoryNetwork:
    """The routes between the services that run, and the toxics on them.

    `called` is the engine's: what is done to the network is among its calls, and can fail as they.
    """

    def __init__(
        self,
        services: Callable[[], Collection[str]],
        called: Callable[..., AbstractContextManager[None]],
    ) -> None:
        self._services = services
        self._called = called
        self._toxics: dict[str, dict[str, Toxic]] = {}

    def routes(self) -> tuple[str, ...]:
        return tuple(route.name for route in self._routes())

    def toxics(self, route: str) -> Mapping[str, Toxic]:
        return dict(self._on(need_route(route, self._routes())))

    def add_toxic(self, route: str, name: str, toxic: Toxic) -> None:
        with self._called("add_toxic", route, name, toxic):
            found = need_route(route, self._routes())
            self._on(found)[name] = need_toxic(found, toxic)

    def remove_toxic(self, route: str, name: str) -> None:
        with self._called("remove_toxic", route, name):
            self._on(need_route(route, self._routes())).pop(name, None)

    def clear(self) -> None:
        """Take every toxic off every route, as a start does."""
        self._toxics.clear()

    def _routes(self) -> tuple[Route, ...]:
        return routes_between(self._services())

    def _on(self, route: Route) -> dict[str, Toxic]:
        return self._toxics.setdefault(route.name, {})
