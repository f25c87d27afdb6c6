"""How components find each other: which addresses the variables of services hold."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.postgres import Postgres

_LOCALHOST = "127.0.0.1"


class Ways(Protocol):
    """The addresses of one lab, as its services see them."""

    @property
    def payments_folder(self) -> Path:
        """Where payments keeps its certificate, its authority and its keys."""

    @property
    def database_log(self) -> Path:
        """The log file of PostgreSQL."""

    def through(self, route: str, scheme: str = "http") -> str:
        """Return the URL at which a route of the edge listens."""

    def database(self, role: str, route: str | None = None) -> str:
        """Return the database's URL with password, through a route where one is named."""

    def nobody(self, service: str) -> str:
        """Return an address where nobody listens: `HOST:PORT`."""


class LoopbackWays:
    """Everything is on the loopback of this machine."""

    def __init__(self, place: Place, postgres: Postgres, edge: Edge) -> None:
        self._place = place
        self._postgres = postgres
        self._edge = edge

    @property
    def payments_folder(self) -> Path:
        return self._place.home.private / "payments"

    @property
    def database_log(self) -> Path:
        return self._place.log("postgres")

    def through(self, route: str, scheme: str = "http") -> str:
        return f"{scheme}://{_LOCALHOST}:{self._edge.listen_port(route)}"

    def database(self, role: str, route: str | None = None) -> str:
        return self._postgres.dsn(role, self._edge.listen_port(route) if route else None)

    def nobody(self, service: str) -> str:
        return f"{_LOCALHOST}:{self._place.ports.of(f'{service}:nobody')}"
