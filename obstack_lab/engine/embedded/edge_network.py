"""The network between components: a proxy that can misbehave, and what is put on its routes."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.topology import Route, routes_between
from obstack_lab.engine.toxics import need_route, need_toxic


class EdgeNetwork(ABC):
    """The proxy through which services reach each other, the database and the telemetry store.

    It is the engine's network. Where routes lead and what is on them belongs to the network, not to
    the process: one that is started anew is told all of it.
    """

    def __init__(self) -> None:
        self._routes: tuple[Route, ...] = ()
        self._upstreams: dict[str, dict[str, float]] = {}
        self._paths: dict[str, dict[str, str]] = {}
        self._toxics: dict[str, dict[str, Toxic]] = {}
        self._changing = threading.RLock()

    @abstractmethod
    def listen_port(self, route: str) -> int:
        """Return the port at which a route listens."""

    @abstractmethod
    def ask(self, question: Mapping[str, object]) -> Mapping[str, Any]:
        """Have the process do something."""

    @abstractmethod
    def hears(self) -> bool:
        """Say whether the process can be asked."""

    # --- where routes lead ---

    def lay(self, services: Collection[str]) -> None:
        """Have the routes of a stack of these services and no others, with nothing on them."""
        with self._changing:
            before, self._routes = self._routes, routes_between(services)
            self._toxics.clear()
            for route in before:
                if route in self._routes:
                    self._tell(route, {"op": "clear", "route": route.name})
                else:
                    self._tell(route, {"op": "unroute", "name": route.name})
            for route in self._routes:
                self._open(route)

    def lead(
        self, component: str, shares: Mapping[str, float], *, paths: Mapping[str, str] | None = None
    ) -> None:
        """Let the routes to a component end at these addresses (`HOST:PORT`), each with its share.

        With none left they lead to where the last ones were: refused. An address with a path takes
        only requests below it.
        """
        with self._changing:
            if shares:
                self._upstreams[component] = dict(shares)
                self._paths[component] = {end: path for end, path in (paths or {}).items() if path}
            for route in self._routes:
                if route.upstream == component:
                    self._open(route)

    # --- the network ---

    def routes(self) -> tuple[str, ...]:
        return tuple(route.name for route in self._routes)

    def toxics(self, route: str) -> Mapping[str, Toxic]:
        with self._changing:
            return dict(self._toxics.get(need_route(route, self._routes).name, {}))

    def add_toxic(self, route: str, name: str, toxic: Toxic) -> None:
        with self._changing:
            found = need_route(route, self._routes)
            known = need_toxic(found, toxic)
            self._put(found, name, known)
            self._toxics.setdefault(route, {})[name] = known

    def remove_toxic(self, route: str, name: str) -> None:
        with self._changing:
            found = need_route(route, self._routes)
            self._tell(found, {"op": "clear", "route": route, "name": name})
            self._toxics.get(route, {}).pop(name, None)

    # --- inside ---

    def open_all(self) -> None:
        """Tell a new process of every route."""
        with self._changing:
            for route in self._routes:
                self._open(route)

    def _open(self, route: Route) -> None:
        shares = self._upstreams.get(route.upstream, {})
        self._tell(
            route,
            {
                "op": "route",
                "name": route.name,
                "listen": self.listen_port(route.name),
                "upstreams": list(shares),
                "weights": shares,
                "paths": self._paths.get(route.upstream, {}),
                "http": route.http,
                "latency_ms": route.latency_ms,
            },
        )
        for name, toxic in self._toxics.get(route.name, {}).items():
            self._put(route, name, toxic)

    def _put(self, route: Route, name: str, toxic: Toxic) -> None:
        self._tell(
            route,
            {
                "op": "toxic",
                "route": route.name,
                "name": name,
                "type": toxic.type,
                "stream": toxic.stream,
                "toxicity": toxic.toxicity,
                "attributes": dict(toxic.attributes),
            },
        )

    def _tell(self, route: Route, command: Mapping[str, object]) -> None:
        """Have the process do it; it is told later if it does not run or nothing is behind yet."""
        if self.hears() and self._upstreams.get(route.upstream):
            self.ask(command)
