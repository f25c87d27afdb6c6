"""A plain plot of a metric frame, for learners who want their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = 320


def plot(frame: pd.DataFrame, *, title: str = "", unit: str = "") -> Any:
    """Return a plotly figure of a frame of `lab.promql`: one line a combination of labels.

    Times are shown in the frame's zone, UTC; the value axis starts at zero.
    """
    import plotly.graph_objects as go

    labels = [name for name in frame.columns if name not in {"time", "value"}]
    figure = go.Figure()
    groups = frame.groupby(labels, dropna=False, sort=True) if labels else [((), frame)]
    for key, part in groups:
        values = key if isinstance(key, tuple) else (key,)
        name = ", ".join(str(value) for value in values) or "value"
        figure.add_scatter(x=part["time"], y=part["value"], name=name, mode="lines")
    figure.update_layout(
        title=title or None,
        height=HEIGHT,
        margin={"l": 48, "r": 16, "t": 40 if title else 16, "b": 32},
        template="plotly_white",
        showlegend=len(figure.data) > 1,
    )
    figure.update_yaxes(rangemode="tozero", title=unit or None)
    return figure
