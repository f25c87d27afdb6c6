"""Rows of numbers turned into metrics: text columns are labels, the others are metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

Row = Mapping[str, object]
_COUNTS = "_total"


def families(rows: Iterable[Row], helps: Mapping[str, str]) -> list[Metric]:
    """Return one metric for each column that holds numbers.

    A column's name is the metric's; what ends in `_total` is a counter, the rest are gauges.
    An empty number is left out, an empty text is an empty label.
    """
    found: dict[str, Metric] = {}
    for row in rows:
        labels = {
            name: str(value or "")
            for name, value in row.items()
            if not isinstance(value, int | float | Decimal) and name not in helps
        }
        for name, value in row.items():
            if name in helps and isinstance(value, int | float | Decimal):
                family = found.setdefault(name, _family(name, helps[name]))
                family.add_sample(name, labels, float(value))
    return list(found.values())


def _family(name: str, help_text: str) -> Metric:
    if name.endswith(_COUNTS):
        return CounterMetricFamily(name.removesuffix(_COUNTS), help_text)
    return GaugeMetricFamily(name, help_text)
