"""The stores of logs and traces in containers: the lab's own, or Loki and Tempo."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.stores import TELEMETRY
from obstack_lab.engine.embedded.unit import SignalledUnit

PORT = 3100
_TEMPO_PORT, _OTLP_PORT, _HEALTH_PORT = 3200, 4318, 13133


class ContainerStores:
    """The containers that keep logs and traces, and the one address that takes both."""

    def __init__(self, units: tuple[SignalledUnit, ...], taken_at: str) -> None:
        self.units = units
        self.paths: Mapping[str, str] = {taken_at: ""}
        self._url = f"http://{taken_at}"

    def told(self, *, through: str = "") -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": through or self._url}


def built_in(place: Place, harbour: Harbour) -> ContainerStores:
    """Return the lab's own store: one container for both."""
    store = ContainerUnit(TELEMETRY, "telemetry", place, harbour, inside=PORT, ready="/ready")
    return ContainerStores((store,), store.upstream)


def loki_and_tempo(place: Place, harbour: Harbour) -> ContainerStores:
    """Return Loki and Tempo behind an OpenTelemetry Collector, together the telemetry store."""
    units = tuple(
        ContainerUnit(name, "telemetry", place, harbour, inside=port, ready=ready)
        for name, port, ready in (
            ("loki", PORT, "/ready"),
            ("tempo", _TEMPO_PORT, "/ready"),
            ("collector", _HEALTH_PORT, "/"),
        )
    )
    for unit in units:
        unit.component_name = TELEMETRY
    return ContainerStores(units, f"collector:{_OTLP_PORT}")
