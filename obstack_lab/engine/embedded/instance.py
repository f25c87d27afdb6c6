"""One instance of a service: where it listens, whether it can serve."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.unit import SignalledUnit

if TYPE_CHECKING:
    from obstack_lab.engine.embedded.service import Service

TLS = {"payments": "PAYMENTS_TLS_PORT"}
"""Services whose users come by TLS, at a port of its own, and what tells them this port."""

Environment = Callable[[str], Mapping[str, str]]
"""What an instance is told beside its own name and settings; asked at each start."""


class Instance(SignalledUnit):
    """One process of a service. How it is started and ended is for engines to say."""

    def __init__(self, name: str, service: Service, place: Place) -> None:
        super().__init__(name, service.kind, place.clock)
        self.component_name = service.name
        self.port = place.ports.of(name)
        self.address = f"http://127.0.0.1:{self.port}"
        self._service = service
        self._place = place
        self._told: Mapping[str, str] = {}

    @property
    @abstractmethod
    def serving_port(self) -> int:
        """The port at which users come."""

    @property
    @abstractmethod
    def serves(self) -> str:
        """Where the edge finds it: `HOST:PORT`."""

    @property
    @abstractmethod
    def scraped(self) -> str:
        """Where Prometheus finds it: `HOST:PORT`."""

    def is_unready(self) -> bool:
        """Return whether it runs and cannot serve."""
        return self.pid is not None and self.state == "healthy" and bool(self._problem())

    def is_out_of_date(self) -> bool:
        """Return whether it would be told something else if it were started now."""
        return self._told != self._environment()

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/readyz")

    def _environment(self) -> Mapping[str, str]:
        service = self._service
        own = {TLS[service.name]: str(self.serving_port)} if service.name in TLS else {}
        return {**service.environment(service.name), **own}
