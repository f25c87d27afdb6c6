"""Reads a signal: the largest value that a query gives now."""

from __future__ import annotations

import math

import httpx

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError, LabError
from obstack_lab.orchestrator.faults.catalogue import Signal
from obstack_lab.orchestrator.metrics import MetricsUnknown, PrometheusMetrics
from obstack_lab.orchestrator.store import store_of

_TIMEOUT = 3.0


class Reader:
    """Asks Prometheus and the log store directly."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._metrics = PrometheusMetrics(lambda: engine.address("prometheus"))
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._metrics.close()
        self._http.close()

    def read(self, signal: Signal) -> float | None:
        """Return the figure, 0 where there is no series, None where nothing answers."""
        try:
            values = (
                self._metrics.values(signal.query)
                if signal.language == "promql"
                else self._log_values(signal.query)
            )
        except (MetricsUnknown, EngineError):
            return None
        return largest(values)

    def _log_values(self, query: str) -> tuple[float, ...]:
        try:
            address = self._engine.address(store_of(self._engine, "loki"))
            answer = self._http.get(f"{address}/loki/api/v1/query", params={"query": query})
            series = answer.raise_for_status().json()["data"]["result"]
            return tuple(float(each["value"][1]) for each in series)
        except (httpx.HTTPError, LabError, ValueError, KeyError) as error:
            raise EngineError("The log store does not answer.", component="telemetry") from error


def largest(values: tuple[float, ...]) -> float | None:
    """Return the largest value, 0 where there is none, None where none is a number."""
    numbers = [value for value in values if not math.isnan(value)]
    return max(numbers, default=None) if values else 0.0
