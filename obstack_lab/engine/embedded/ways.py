"""How components find each other: which addresses the variables of services hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.postgres import Postgres

_LOCALHOST = "127.0.0.1"


class Ways(ABC):
    """The addresses of one lab, as its services see them.

    Folders and files are at the same path for the services as for us, wherever they run.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def payments_folder(self) -> Path:
        """Where payments keeps its certificate, its authority and its keys."""
        return self._place.home.private / "payments"

    @property
    def database_log(self) -> Path:
        """The log file of PostgreSQL."""
        return self._place.log("postgres")

    @abstractmethod
    def through(self, route: str, scheme: str = "http") -> str:
        """Return the URL at which a route of the edge listens."""

    @abstractmethod
    def database(self, role: str, route: str | None = None) -> str:
        """Return the database's URL with password, through a route where one is named."""

    @abstractmethod
    def nobody(self, service: str) -> str:
        """Return an address where nobody listens: `HOST:PORT`."""


class LoopbackWays(Ways):
    """Everything is on the loopback of this machine."""

    def __init__(self, place: Place, postgres: Postgres, edge: Edge) -> None:
        super().__init__(place)
        self._postgres = postgres
        self._edge = edge

    def through(self, route: str, scheme: str = "http") -> str:
        return f"{scheme}://{_LOCALHOST}:{self._edge.listen_port(route)}"

    def database(self, role: str, route: str | None = None) -> str:
        return self._postgres.dsn(role, self._edge.listen_port(route) if route else None)

    def nobody(self, service: str) -> str:
        return f"{_LOCALHOST}:{self._place.ports.of(f'{service}:nobody')}"
