"""An instance of a service as a container of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from obstack_lab.engine.compose.box import Box, Harbour
from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.project import Spec
from obstack_lab.engine.embedded.instance import TLS, Instance
from obstack_lab.engine.embedded.place import Place

if TYPE_CHECKING:
    from obstack_lab.engine.embedded.service import Service

PORT, TLS_PORT = 8000, 8443


class ContainerInstance(Boxed, Instance):
    """One container; its release, settings and addresses are its description."""

    def __init__(self, name: str, service: Service, place: Place, harbour: Harbour) -> None:
        Instance.__init__(self, name, service, place)
        self.box = Box(name, place.log(service.name), harbour)
        self.log_name = service.name
        self._base = str(harbour.project.base)

    @property
    def serving_port(self) -> int:
        return TLS_PORT if self._service.name in TLS else PORT

    @property
    def serves(self) -> str:
        return f"{self.name}:{self.serving_port}"

    @property
    def scraped(self) -> str:
        return f"{self.name}:{PORT}"

    @property
    def outside(self) -> str:
        """Where the programs of this machine find what users are served: `HOST:PORT`."""
        tls = self._service.name in TLS
        port = self._place.ports.of(f"{self.name}:tls") if tls else self.port
        return f"127.0.0.1:{port}"

    def spec(self) -> Spec:
        service = self._service
        release = service.release_of(self.name)
        ports = [f"127.0.0.1:{self.port}:{PORT}"]
        if service.name in TLS:
            ports.append(f"{self.outside}:{TLS_PORT}")
        return {
            "extends": {"file": self._base, "service": service.name},
            "command": [
                *("sut", service.name, "--release", release),
                *("--port", str(PORT), "--host", "0.0.0.0"),  # noqa: S104 - of the container
            ],
            "environment": {
                **self._environment(),
                "SERVICE_INSTANCE_ID": self.name,
                "SERVICE_SETTINGS": json.dumps(dict(service.settings)),
                "SUT_RELEASES_DIR": str(self._place.home.releases),
            },
            "ports": ports,
        }

    def _begin(self) -> None:
        self.release = self._service.release_of(self.name)
        self._told = self._environment()
        super()._begin()
