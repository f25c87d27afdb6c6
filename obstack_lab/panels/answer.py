"""Answers to what is asked at the desk: frames and traces as tables, lines and waterfalls."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obstack_lab.lab import words
from obstack_lab.panels.view import Block

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 200
MOST_LINES = 12
MOST_POINTS = 600
LONGEST_CELL = 2000


def empty(note: str = "Nothing was found in this time.") -> Block:
    """Return the answer that found nothing."""
    return {"kind": "empty", "note": note}


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, total: int) -> Block:
    """Return a table of at most 200 rows that says when it is cut."""
    shown = [[cell(value) for value in row] for _, row in zip(range(MOST_ROWS), rows, strict=False)]
    note = f"{total:,} rows" if total <= MOST_ROWS else f"the first {MOST_ROWS} of {total:,} rows"
    return {"kind": "table", "columns": list(columns), "rows": shown, "note": note}


def cell(value: Any) -> Any:
    """Return a value as JSON that a table can show: text, a number, a time, or nothing."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if hasattr(value, "timestamp"):
        return None if value != value else {"at": value.timestamp()}  # noqa: PLR0124  (NaT)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else str(value)[:LONGEST_CELL]


def frame(data: pd.DataFrame) -> Block:
    """Return any frame as a table."""
    if data.empty:
        return empty()
    return table(list(data.columns), data.itertuples(index=False), total=len(data))


def series(data: pd.DataFrame) -> Block:
    """Return a metric frame as lines: one a combination of labels, the largest ones first."""
    if data.empty:
        return empty()
    labels = [name for name in data.columns if name not in {"time", "value"}]
    key = (
        data[labels].astype(str).agg(", ".join, axis=1)
        if labels
        else data["value"].map(lambda _: "value")
    )
    grid = data.assign(key=key).pivot_table(index="time", columns="key", values="value")
    if grid.empty:
        return empty("Every value is NaN: nothing was counted in this time.")
    grid = grid.iloc[-MOST_POINTS:]
    ranked = grid.max().sort_values(ascending=False).index
    shown = list(ranked[:MOST_LINES])
    total = len(ranked)
    note = (
        f"{total} series" if total <= MOST_LINES else f"the largest {MOST_LINES} of {total} series"
    )
    if labels:
        note += f", by {', '.join(labels)}"
    return {
        "kind": "chart",
        "times": [at.timestamp() for at in grid.index],
        "lines": [{"name": str(name), "values": _values(grid[name])} for name in shown],
        "note": note,
    }


def _values(column: Iterable[float]) -> list[float | None]:
    return [float(f"{v:.5g}") if math.isfinite(v) else None for v in column]


_TELLING = ("http_request_method", "http_route", "http_response_status_code", "error")
"""Fields that say at a glance what a line is about, in this order behind its message."""
_NO_ROOT = "<root span not yet received>"
_LEVELS = {"warn": "warning", "err": "error", "fatal": "critical"}


def lines(data: pd.DataFrame, query: str) -> Block:
    """Return log lines with their fields taken apart, newest first."""
    rows = [_line(row) for row in data.tail(MOST_ROWS).to_dict("records")][::-1]
    return {
        "query": query,
        "lines": rows,
        "note": f"{len(data):,} lines, newest first"
        if len(data) <= MOST_ROWS
        else f"the newest {MOST_ROWS} of {len(data):,} lines",
    }


def _line(row: Mapping[str, Any]) -> Block:
    text = str(row.get("line", ""))
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = {}
    fields = parsed if isinstance(parsed, dict) else {}
    level = str(fields.get("level") or row.get("level") or row.get("detected_level") or "info")
    return {
        "at": row["time"].timestamp(),
        "service": str(row.get("service_name", "")),
        "level": _LEVELS.get(level.lower(), level.lower()),
        "message": _sentence(fields, text)[:LONGEST_CELL],
        "trace": str(fields.get("trace_id") or ""),
        "fields": [
            [key, str(value)[:LONGEST_CELL]]
            for key, value in fields.items()
            if key not in {"message", "level"} and value not in {None, ""}
        ],
    }


def _sentence(fields: Mapping[str, Any], text: str) -> str:
    """Return a line's message and what tells it from its neighbours."""
    if not fields:
        return text
    told = [str(fields[name]) for name in _TELLING if fields.get(name) not in {None, ""}]
    if isinstance(took := fields.get("duration_ms"), int | float):
        told.append(words.duration(took / 1000))
    return " ".join([str(fields.get("message", "")), *told]).strip() or text


def traces(data: pd.DataFrame, query: str) -> Block:
    """Return found traces, newest first."""
    return {
        "query": query,
        "traces": [
            {
                "at": row["time"].timestamp(),
                "trace": row["trace_id"],
                "name": row["name"] or "still under way",
                "service": words.UNKNOWN if row["service"] == _NO_ROOT else row["service"],
                "duration": words.duration(row["duration"]),
                "seconds": row["duration"],
                "error": bool(row["errors"]),
            }
            for row in data.to_dict("records")
        ],
        "note": f"{len(data)} traces, newest first",
    }
