"""Where logs and traces are kept: in the lab's own store, or in a real Loki and a real Tempo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from obstack_lab.engine.embedded.native_store import NativeStore
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.telemetry import Telemetry
from obstack_lab.engine.embedded.unit import SignalledUnit

TELEMETRY = "telemetry"
"""What the stores are called together, on either way to keep them."""
_LOGS, _TRACES = "/otlp/v1/logs", "/v1/traces"


class Stores(Protocol):
    """The processes that keep logs and traces, and where they take them (OTLP over HTTP)."""

    units: tuple[SignalledUnit, ...]
    paths: Mapping[str, str]
    """what each address (`HOST:PORT`) takes: requests below this path, all below `''`"""

    def told(self, *, through: str = "") -> dict[str, str]:
        """Return the variables for who ships there, directly or through one base URL."""


class BuiltIn:
    """One process for both."""

    def __init__(self, place: Place) -> None:
        store = Telemetry(place)
        self.units: tuple[SignalledUnit, ...] = (store,)
        self.paths: Mapping[str, str] = {f"127.0.0.1:{store.port}": ""}
        self._url = store.address

    def told(self, *, through: str = "") -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": through or self._url}


class Native:
    """A process each, with addresses of their own."""

    def __init__(self, place: Place) -> None:
        loki = NativeStore("loki", place, ports=("http", "grpc"))
        tempo = NativeStore("tempo", place, ports=("http", "grpc", "otlp"))
        self.units: tuple[SignalledUnit, ...] = (loki, tempo)
        for unit in self.units:
            unit.component_name = TELEMETRY
        self._logs, self._traces = loki.listens("http"), tempo.listens("otlp")
        self.paths: Mapping[str, str] = taken_apart(self._logs, self._traces)

    def told(self, *, through: str = "") -> dict[str, str]:
        return told_apart(self._logs, self._traces, through)


def taken_apart(logs: str, traces: str) -> dict[str, str]:
    """Return what each of two stores (`HOST:PORT`) takes: requests below this path."""
    return {logs: _LOGS, traces: _TRACES}


def told_apart(logs: str, traces: str, through: str) -> dict[str, str]:
    """Return the variables for two stores (`HOST:PORT`), directly or through one base URL."""
    return {
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{through or f'http://{logs}'}{_LOGS}",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{through or f'http://{traces}'}{_TRACES}",
    }
