"""What the conductor asks Prometheus each second: values, freshness, alerts; with deadlines."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx

from obstack_lab.errors import LabError

Answer = TypeVar("Answer")
UNCOMPRESSED = {"Accept-Encoding": "identity"}
"""Prometheus takes 0.8 MB for each answer that it compresses, three quarters of all it takes."""
_TIMEOUT = 1.0


class MetricsUnknown(LabError):
    """Prometheus did not answer, or not with an answer; the message says which."""


class MetricsAway(MetricsUnknown):
    """Prometheus did not answer at all."""


@dataclass(frozen=True)
class PrometheusAlert:
    """An active alert as Prometheus reports it."""

    name: str
    state: str
    since: float
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


class Metrics(Protocol):
    """Asks a metrics store; raises MetricsUnknown, and MetricsAway where it is gone."""

    def values(self, query: str) -> tuple[float, ...]:
        """Return the value of each series (or of the scalar) now; none where there is no data."""

    def alerts(self) -> tuple[PrometheusAlert, ...]:
        """Return pending and firing alerts."""


def is_true(metrics: Metrics, query: str) -> bool:
    """Return whether a query has a value that is not 0 now; not so where nobody can be asked."""
    try:
        values = metrics.values(query)
    except MetricsUnknown:
        return False
    return any(math.isfinite(value) and value != 0 for value in values)


class OneChance:
    """Metrics for one second's work: once away, nobody waits for them again in that second."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._away: MetricsAway | None = None

    def values(self, query: str) -> tuple[float, ...]:
        return self._once(lambda: self._metrics.values(query))

    def alerts(self) -> tuple[PrometheusAlert, ...]:
        return self._once(self._metrics.alerts)

    def _once(self, ask: Callable[[], Answer]) -> Answer:
        if self._away is not None:
            raise self._away
        try:
            return ask()
        except MetricsAway as error:
            self._away = error
            raise


class PrometheusMetrics:
    """The real Prometheus. `address` is asked anew each time: a restart may move it."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=False, headers=UNCOMPRESSED)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def values(self, query: str) -> tuple[float, ...]:
        data = self._ask("query", {"query": query, "timeout": f"{_TIMEOUT * 1000:.0f}ms"})
        if data["resultType"] in {"scalar", "string"}:
            return (_number(data["result"]),)
        if data["resultType"] != "vector":
            raise MetricsUnknown("The query gives a range, not one value.")
        return tuple(_number(series["value"]) for series in data["result"])

    def alerts(self) -> tuple[PrometheusAlert, ...]:
        found = []
        for alert in self._ask("alerts", {})["alerts"]:
            labels = dict(alert["labels"])
            found.append(
                PrometheusAlert(
                    name=labels.pop("alertname", ""),
                    state=alert["state"],
                    since=_epoch(alert["activeAt"]),
                    labels=labels,
                    annotations=dict(alert.get("annotations", {})),
                )
            )
        return tuple(found)

    def _ask(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._http.get(f"{self._address()}/api/v1/{path}", params=params)
            body = response.json()
        except (httpx.HTTPError, LabError) as error:
            raise MetricsAway("Prometheus does not answer.") from error
        except ValueError as error:
            raise MetricsUnknown("Prometheus answered what is not JSON.") from error
        if body.get("status") != "success":
            raise MetricsUnknown(f"Prometheus refused the query: {body.get('error', '')}")
        data: dict[str, Any] = body["data"]
        return data


def _number(pair: list[Any]) -> float:
    try:
        return float(pair[1])
    except ValueError:
        return math.nan


def _epoch(text: str) -> float:
    whole, _, rest = text.rstrip("Z").partition(".")
    fraction = float(f"0.{rest[:6]}") if rest else 0.0
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + fraction
