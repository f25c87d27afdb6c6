"""LogQL over the orchestrator's proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obstack_lab.query import frame
from obstack_lab.query.door import SECONDS, Door
from obstack_lab.query.moment import Moment, nanoseconds
from obstack_lab.query.promql import series

if TYPE_CHECKING:
    import httpx
    import pandas as pd

LANGUAGE = "logql"


class Logql:
    """Asks Loki's API. `base_url` is the address below which `/loki/api/v1/query` is.

    A query for lines answers with `time` (UTC, to the nanosecond), `line` and one column a label,
    oldest first; a metric query with `time`, `value` and labels. Nothing found is an empty frame
    with the first two. A bad query raises QueryError, whose `caret()` shows the place.
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

    def range(
        self,
        query: str,
        start: Moment,
        end: Moment,
        step: float | str | None = None,
        *,
        limit: int = 1000,
    ) -> pd.DataFrame:
        """Return the newest `limit` lines from `start` to `end`, or a metric query's values."""
        params: dict[str, str | int | float] = {
            "query": query,
            "start": nanoseconds(start),
            "end": nanoseconds(end),
            "limit": limit,
            "direction": "backward",
        }
        if step is not None:
            params["step"] = str(step)
        return _frame(self._door.get("/loki/api/v1/query_range", query=query, params=params))

    def instant(self, query: str, at: Moment | None = None) -> pd.DataFrame:
        """Return a metric query's values at one moment, by default now."""
        params: dict[str, str | int | float] = {"query": query}
        if at is not None:
            params["time"] = nanoseconds(at)
        return _frame(self._door.get("/loki/api/v1/query", query=query, params=params))

    def close(self) -> None:
        """Let go of the connections."""
        self._door.close()


def _frame(answer: Any) -> pd.DataFrame:
    data = answer["data"]
    if data["resultType"] == "streams":
        return frame.lines(
            (stream["stream"], [(int(entry[0]), entry[1]) for entry in stream["values"]])
            for stream in data["result"]
        )
    return frame.samples(series(data["result"]))
