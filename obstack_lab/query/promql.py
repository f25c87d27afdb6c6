"""PromQL over the orchestrator's proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from obstack_lab.query import frame
from obstack_lab.query.door import SECONDS, Door
from obstack_lab.query.moment import Moment, seconds

if TYPE_CHECKING:
    import httpx
    import pandas as pd
    from prometheus_api_client import PrometheusConnect

LANGUAGE = "promql"


class Promql:
    """Asks Prometheus. `base_url` is the address below which `/api/v1/query` is.

    Answers are frames with `time` (UTC), `value` (float) and one column a label; nothing found is
    an empty frame with `time` and `value`. A bad query raises QueryError, whose `caret()` shows
    the place. For example `Promql(url, headers).range("up", end - 900, end, "5s")`.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        transport: httpx.BaseTransport | None = None,
        *,
        timeout: float = SECONDS,
    ) -> None:
        self._door = Door(LANGUAGE, base_url, headers, transport=transport, timeout=timeout)
        self._connection: PrometheusConnect | None = None

    def __repr__(self) -> str:
        return repr(self._door)

    def range(self, query: str, start: Moment, end: Moment, step: float | str = 5) -> pd.DataFrame:
        """Return the values from `start` to `end`, one every `step` (seconds, or `"15s"`)."""
        exact = {"start": f"{seconds(start):.3f}", "end": f"{seconds(end):.3f}"}
        unused = datetime.fromtimestamp(0, UTC)
        answer = self._connect().custom_query_range(query, unused, unused, str(step), params=exact)
        return frame.samples(series(answer))

    def instant(self, query: str, at: Moment | None = None) -> pd.DataFrame:
        """Return the values at one moment, by default now."""
        params = {} if at is None else {"time": f"{seconds(at):.3f}"}
        return frame.samples(series(self._connect().custom_query(query, params=params)))

    def close(self) -> None:
        """Let go of the connections."""
        self._door.close()

    def _connect(self) -> PrometheusConnect:
        if self._connection is None:
            from obstack_lab.query.connection import connect

            self._connection = connect(self._door)
        return self._connection


def series(
    result: Sequence[Any],
) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """Return labels and samples of a vector, a matrix or a scalar."""
    if result and not isinstance(result[0], dict):
        at, value = result
        return [({}, [(float(at), frame.number(value))])]
    return [
        (
            item["metric"],
            [
                (float(at), frame.number(value))
                for at, value in item.get("values") or [item["value"]]
            ],
        )
        for item in result
        if "values" in item or "value" in item
    ]
