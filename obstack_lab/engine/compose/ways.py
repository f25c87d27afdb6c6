"""How containers find each other: by name, on the project's network."""

from __future__ import annotations

from obstack_lab.engine.compose.edge import door
from obstack_lab.engine.compose.postgres import ContainerPostgres
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.ways import Ways

_NOBODY = 1
"""A port of an instance at which nothing listens."""


class NetworkWays(Ways):
    """Everything has a name."""

    def __init__(self, place: Place, postgres: ContainerPostgres) -> None:
        super().__init__(place)
        self._postgres = postgres

    def through(self, route: str, scheme: str = "http") -> str:
        return f"{scheme}://{door(route)}"

    def database(self, role: str, route: str | None = None) -> str:
        return self._postgres.url(role, door(route) if route else self._postgres.upstream)

    def nobody(self, service: str) -> str:
        return f"{service}-1:{_NOBODY}"
