"""The stores of logs and traces in containers: the lab's own, or Loki and Tempo."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.stores import TELEMETRY, taken_apart, told_apart
from obstack_lab.engine.embedded.unit import SignalledUnit

PORT = 3100
_TEMPO_PORT, _OTLP_PORT = 3200, 4318


class ContainerStore:
    """One container for both."""

    def __init__(self, place: Place, harbour: Harbour) -> None:
        store = ContainerUnit(TELEMETRY, "telemetry", place, harbour, inside=PORT, ready="/ready")
        self.units: tuple[SignalledUnit, ...] = (store,)
        self.paths: Mapping[str, str] = {store.upstream: ""}
        self._url = f"http://{store.upstream}"

    def told(self, *, through: str = "") -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": through or self._url}


class ContainerStores:
    """Loki and Tempo, a container each, known together as the telemetry store."""

    def __init__(self, place: Place, harbour: Harbour) -> None:
        loki = ContainerUnit("loki", "telemetry", place, harbour, inside=PORT, ready="/ready")
        tempo = ContainerUnit(
            "tempo", "telemetry", place, harbour, inside=_TEMPO_PORT, ready="/ready"
        )
        self.units: tuple[SignalledUnit, ...] = (loki, tempo)
        for unit in self.units:
            unit.component_name = TELEMETRY
        self._logs, self._traces = loki.upstream, f"{tempo.name}:{_OTLP_PORT}"
        self.paths: Mapping[str, str] = taken_apart(self._logs, self._traces)

    def told(self, *, through: str = "") -> dict[str, str]:
        return told_apart(self._logs, self._traces, through)
