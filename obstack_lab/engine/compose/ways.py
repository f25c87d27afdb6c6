"""How containers find each other: by name, on the project's network."""

from __future__ import annotations

from pathlib import Path

from obstack_lab.engine.compose.edge import door
from obstack_lab.engine.compose.postgres import ContainerPostgres
from obstack_lab.engine.embedded.place import Place

_NOBODY = 1
"""A port of an instance at which nothing listens."""


class NetworkWays:
    """Implements `Ways`. Folders that services share with us are at the same path in both."""

    def __init__(self, place: Place, postgres: ContainerPostgres) -> None:
        self._place = place
        self._postgres = postgres

    @property
    def payments_folder(self) -> Path:
        return self._place.home.private / "payments"

    @property
    def database_log(self) -> Path:
        return self._place.log("postgres")

    def through(self, route: str, scheme: str = "http") -> str:
        return f"{scheme}://{door(route)}"

    def database(self, role: str, route: str | None = None) -> str:
        return self._postgres.url(role, door(route) if route else self._postgres.upstream)

    def nobody(self, service: str) -> str:
        return f"{service}-1:{_NOBODY}"
