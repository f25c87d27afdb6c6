"""The store of logs and traces in a container."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.stores import TELEMETRY
from obstack_lab.engine.embedded.unit import SignalledUnit

PORT = 3100


class ContainerStore:
    """One container for both."""

    def __init__(self, place: Place, harbour: Harbour) -> None:
        store = ContainerUnit(TELEMETRY, "telemetry", place, harbour, inside=PORT, ready="/ready")
        self.units: tuple[SignalledUnit, ...] = (store,)
        self.paths: Mapping[str, str] = {store.upstream: ""}
        self._url = f"http://{store.upstream}"

    def told(self, *, through: str = "") -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": through or self._url}
