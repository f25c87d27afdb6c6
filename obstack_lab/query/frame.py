"""Tidy frames: `time` in UTC, what was measured, and one column a label.

A label that a series does not have is empty text, as in PromQL. A label that is called like one
of our own columns gets the prefix `label_`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Labels = Mapping[str, str]
Sample = tuple[float, float]
Line = tuple[int, str]


def samples(series: Iterable[tuple[Labels, Sequence[Sample]]]) -> pd.DataFrame:
    """Return `time`, `value` and labels of series of (seconds since the epoch, value)."""
    rows = [
        (round(at * 1000) * 1_000_000, value, labels)
        for labels, points in series
        for at, value in points
    ]
    return _frame("value", rows, "float64")


def lines(streams: Iterable[tuple[Labels, Sequence[Line]]]) -> pd.DataFrame:
    """Return `time`, `line` and labels of (nanoseconds, line), oldest first."""
    rows = [(at, line, labels) for labels, entries in streams for at, line in entries]
    rows.sort(key=lambda row: row[0])
    return _frame("line", rows, "str")


def table(columns: Mapping[str, Sequence[Any]], *, nanoseconds: Sequence[int]) -> pd.DataFrame:
    """Return `time` and the columns given."""
    import pandas as pd

    frame = pd.DataFrame({name: list(values) for name, values in columns.items()})
    frame.insert(0, "time", _times(nanoseconds))
    return frame


def number(text: str) -> float:
    """Return the float that a backend writes as text: `NaN`, `+Inf`, `1e3`."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _frame(name: str, rows: Sequence[tuple[int, Any, Labels]], kind: str) -> pd.DataFrame:
    import pandas as pd

    known = dict.fromkeys(label for labels in _distinct(rows) for label in labels)
    columns: dict[str, Any] = {
        "time": _times([row[0] for row in rows]),
        name: pd.Series([row[1] for row in rows], dtype=kind),
    }
    for label in sorted(known):
        column = f"label_{label}" if label in {"time", name} else label
        columns[column] = pd.Series([row[2].get(label, "") for row in rows], dtype="str")
    return pd.DataFrame(columns)


def _distinct(rows: Sequence[tuple[int, Any, Labels]]) -> Iterable[Labels]:
    return {id(labels): labels for _, _, labels in rows}.values()


def _times(nanoseconds: Sequence[int]) -> pd.Series:
    import pandas as pd

    whole = pd.Series(list(nanoseconds), dtype="int64")
    return pd.to_datetime(whole, unit="ns", utc=True).astype("datetime64[ns, UTC]")
