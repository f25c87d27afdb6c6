"""TraceQL over the orchestrator's proxy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obstack_lab.errors import QueryError, UnknownName
from obstack_lab.query import frame, otlp
from obstack_lab.query.door import SECONDS, Absent, Door
from obstack_lab.query.moment import Moment, seconds
from obstack_lab.query.trace import Trace

if TYPE_CHECKING:
    import httpx
    import pandas as pd

LANGUAGE = "traceql"
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_METRIC = re.compile(
    r"\|\s*(?:rate|compare|(?:count|sum|avg|min|max|quantile|histogram)_over_time)\s*\("
)
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")


class Traceql:
    """Asks Tempo's API. `base_url` is the address below which `/api/search` is.

    `search` gives one row a trace, `range` a metric query's values, `trace` a whole trace. Nothing
    found is an empty frame. A bad query raises QueryError, whose `caret()` shows the place.
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

    def __repr__(self) -> str:
        return repr(self._door)

    def query(
        self, query: str, start: Moment, end: Moment, step: float | str = 5, *, limit: int = 20
    ) -> pd.DataFrame:
        """Return traces, or the values of a metric query such as `{ } | rate()`."""
        if is_metric(query):
            return self.range(query, start, end, step)
        return self.search(query, start, end, limit=limit)

    def search(self, query: str, start: Moment, end: Moment, *, limit: int = 20) -> pd.DataFrame:
        """Return one row a trace, newest first.

        Columns: `time`, `duration` (seconds), `service` and `name` of the root span, `matched`
        (spans that fit the query), `spans` and `errors` (of the whole trace, where the backend
        counts them) and `trace_id`.
        """
        # the API takes whole seconds: one more at each end, so that nothing recent is lost
        params: dict[str, str | int | float] = {
            "q": query,
            "start": int(seconds(start)),
            "end": int(seconds(end)) + 1,
            "limit": limit,
        }
        answer = self._door.get("/api/search", query=query, params=params)
        found = sorted(
            answer.get("traces") or [],
            key=lambda item: int(item.get("startTimeUnixNano", 0)),
            reverse=True,
        )
        stats = [(item.get("serviceStats") or {}).values() for item in found]
        return frame.table(
            {
                "duration": [item.get("durationMs", 0) / 1000 for item in found],
                "service": [item.get("rootServiceName", "") for item in found],
                "name": [item.get("rootTraceName", "") for item in found],
                "matched": [_matched(item) for item in found],
                "spans": [sum(int(each.get("spanCount", 0)) for each in all_) for all_ in stats],
                "errors": [sum(int(each.get("errorCount", 0)) for each in all_) for all_ in stats],
                "trace_id": [item["traceID"].rjust(32, "0") for item in found],
            },
            nanoseconds=[int(item.get("startTimeUnixNano", 0)) for item in found],
        )

    def range(self, query: str, start: Moment, end: Moment, step: float | str = 5) -> pd.DataFrame:
        """Return a metric query's values: `time`, `value` and one column a label."""
        params: dict[str, str | int | float] = {
            "q": query,
            "start": int(seconds(start)),
            "end": int(seconds(end)) + 1,
            "step": step if isinstance(step, str) else f"{step:g}s",
        }
        answer = self._door.get("/api/metrics/query_range", query=query, params=params)
        return frame.samples(
            (
                {label["key"]: str(otlp.value(label["value"])) for label in one.get("labels", [])},
                [
                    (int(sample.get("timestampMs", 0)) / 1000, float(sample.get("value", 0)))
                    for sample in one.get("samples", [])
                ],
            )
            for one in answer.get("series") or []
        )

    def trace(self, trace_id: str) -> Trace:
        """Return a whole trace; raise UnknownName where the store has none of this id."""
        if not _TRACE_ID.fullmatch(trace_id):
            raise QueryError(
                f"'{trace_id}' is not a trace id; expected up to 32 hexadecimal digits",
                language="trace",
                query=trace_id,
            )
        try:
            answer = self._door.get(f"/api/traces/{trace_id}", query=trace_id, params={})
        except Absent as error:
            raise UnknownName("trace", trace_id) from error
        return Trace.of(trace_id.lower().rjust(32, "0"), otlp.spans(answer))

    def close(self) -> None:
        """Let go of the connections."""
        self._door.close()


def is_metric(query: str) -> bool:
    """Say whether a query asks for values instead of traces."""
    return _METRIC.search(_QUOTED.sub('""', query)) is not None


def _matched(item: Mapping[str, Any]) -> int:
    sets = item.get("spanSets") or ([item["spanSet"]] if item.get("spanSet") else [])
    return sum(int(spans.get("matched", 0)) for spans in sets)
