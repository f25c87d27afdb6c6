"""Who is told of whom: services of one another, the edge and Prometheus of instances."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from obstack_lab.engine.embedded.edge_network import EdgeNetwork
from obstack_lab.engine.embedded.service import Service
from obstack_lab.engine.embedded.stores import Stores
from obstack_lab.engine.embedded.targets import Target, Targets
from obstack_lab.engine.embedded.ways import Ways
from obstack_lab.engine.overrides import Environments, Weights
from obstack_lab.settings import LAB_ID_VARIABLE

_WITH_DATABASE = ("orders", "inventory", "worker")
_PAYING = ("orders", "worker")
_TELEMETRY = "services-telemetry"


class Wiring:
    """The addresses and variables of one stack; all ways of the shop lead through the edge."""

    def __init__(
        self,
        lab_id: str,
        *,
        ways: Ways,
        stores: Stores,
        edge: EdgeNetwork,
        prometheus: Targets,
        services: Mapping[str, Service],
    ) -> None:
        self._lab_id = lab_id
        self._ways = ways
        self._stores = stores
        self._edge = edge
        self._prometheus = prometheus
        self._services = services
        self._environments = Environments()
        self._weights = Weights()
        self._unscraped: set[str] = set()
        self._unready: set[str] = set()
        self._payments_key = secrets.token_hex(16)

    def clear(self) -> None:
        """Take back what was changed; those that are told keep what they know until `tell_all`."""
        self._environments.clear()
        self._weights.clear()
        self._unscraped.clear()
        self._unready.clear()

    # --- what services are told ---

    def environment(self, service: str) -> Mapping[str, str]:
        """Return what every new instance of a service is told, overrides included."""
        return {**self._told(service), **self._environments.of(service)}

    def set_environment(
        self, service: str, changes: Mapping[str, str | None]
    ) -> Mapping[str, str | None]:
        """Override variables or take overrides back; return the overrides before."""
        return self._environments.change(service, changes)

    def told_to_jobs(self) -> Mapping[str, str]:
        """Return what a job is told."""
        return {"DATABASE_URL": self._ways.database("shop")}

    def _told(self, service: str) -> dict[str, str]:
        told = {
            **self._stores.told(through=self._ways.through(_TELEMETRY)),
            LAB_ID_VARIABLE: self._lab_id,
        }
        if service == "exporter":
            told |= self._stores.told()
            told["DATABASE_URL"] = self._ways.database("operator")
            told["POSTGRES_LOG"] = str(self._ways.database_log)
        if service == "gateway":
            told["ORDERS_URL"] = self._ways.through("gateway-orders")
        if service in _WITH_DATABASE:
            told["DATABASE_URL"] = self._ways.database("shop", f"{service}-postgres")
        if service == "orders":
            told["INVENTORY_URL"] = self._ways.through("orders-inventory")
        if service == "orders" and "worker" in self._services:
            told["JOB_QUEUE"] = "shop"
        if service in _PAYING and "payments" in self._services:
            told["PAYMENTS_URL"] = self._ways.through(f"{service}-payments", "https")
            told["PAYMENTS_CA"] = str(self._ways.payments_folder / "ca.pem")
            told["PAYMENTS_API_KEY"] = self._payments_key
        if service == "payments":
            told["PAYMENTS_TLS_FOLDER"] = str(self._ways.payments_folder)
            told["PAYMENTS_API_KEY"] = self._payments_key
        return told

    # --- where instances are ---

    def moved(self, service: Service) -> None:
        """Tell the edge and Prometheus where a service's instances are."""
        self._lead(service)
        self._tell_prometheus()

    def weigh(self, service: Service, weights: Mapping[str, float]) -> Mapping[str, float]:
        """Give instances other shares of new requests; return the shares before."""
        before = self._weights.of(instance.name for instance in service.instances)
        self._weights.change(weights)
        self._lead(service)
        return before

    def ready(self, service: Service, instance: str, *, ready: bool) -> None:
        """Leave an instance out of the balance while it is not ready."""
        (self._unready.discard if ready else self._unready.add)(instance)
        self._lead(service)

    def scrape(self, service: str, *, on: bool) -> bool:
        """Let Prometheus look where a service is, or where nobody listens."""
        before = service not in self._unscraped
        (self._unscraped.discard if on else self._unscraped.add)(service)
        self._tell_prometheus()
        return before

    def _lead(self, service: Service) -> None:
        shares = self._weights.of(instance.name for instance in service.instances)
        self._edge.lead(
            service.name,
            {
                instance.serves: 0 if instance.name in self._unready else shares[instance.name]
                for instance in service.instances
            },
        )

    def _tell_prometheus(self) -> None:
        self._prometheus.scrape(self._targets())

    def _targets(self) -> Iterable[Target]:
        for service in tuple(self._services.values()):
            if not service.history:
                continue
            for instance in service.instances:
                address = instance.scraped
                if service.name in self._unscraped:
                    address = self._ways.nobody(service.name)
                release = service.release_of(instance.name)
                yield Target(address, service.name, release, instance.name)
