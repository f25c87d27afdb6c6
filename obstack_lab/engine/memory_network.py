"""The network of the in-memory engine: it keeps what was put on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.topology import Route, routes_between
from obstack_lab.engine.toxics import need_route, need_toxic


class MemoryNetwork:
    """The routes between services that the engine names when asked, and the toxics on them."""

    def __init__(self, services: Callable[[], Collection[str]]) -> None:
        self._services = services
        self._toxics: dict[str, dict[str, Toxic]] = {}

    def routes(self) -> tuple[str, ...]:
        return tuple(route.name for route in self._routes())

    def toxics(self, route: str) -> Mapping[str, Toxic]:
        return dict(self._on(need_route(route, self._routes())))

    def add_toxic(self, route: str, name: str, toxic: Toxic) -> None:
        found = need_route(route, self._routes())
        self._on(found)[name] = need_toxic(found, toxic)

    def remove_toxic(self, route: str, name: str) -> None:
        self._on(need_route(route, self._routes())).pop(name, None)

    def clear(self) -> None:
        """Take every toxic off every route, as a start does."""
        self._toxics.clear()

    def _routes(self) -> tuple[Route, ...]:
        return routes_between(self._services())

    def _on(self, route: Route) -> dict[str, Toxic]:
        return self._toxics.setdefault(route.name, {})
