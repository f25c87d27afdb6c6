"""One measured figure: its value, its spread, its budget and what it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from obstack_lab.bench.budget import Budget

Of = Literal["median", "p99", "worst", "mean"]
"""Which statistic of the samples is the figure's value."""


class Figure(BaseModel):
    """A figure with its verdict. `value` is None where it could not be measured: that is a miss."""

    model_config = ConfigDict(frozen=True)

    title: str
    value: float | None
    unit: str
    n: int = Field(default=1, description="how many samples the value was made of")
    p50: float | None = None
    p99: float | None = None
    least: float | None = None
    most: float | None = None
    budget: float | None = None
    bound: Literal["at most", "at least"] = "at most"
    met: bool | None = Field(default=None, description="None where there is no budget")
    parts: Mapping[str, float] = Field(default={}, description="what it is made of, same unit")
    beside: Mapping[str, float] = Field(default={}, description="others at the same, same unit")
    note: str = ""


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest sample that `share` of them do not pass."""
    if not samples:
        raise ValueError("no samples")
    ranked = sorted(samples)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def figure(
    title: str,
    samples: Sequence[float],
    unit: str,
    *,
    of: Of = "median",
    n: int | None = None,
    budget: Budget | None = None,
    parts: Mapping[str, float] | None = None,
    beside: Mapping[str, float] | None = None,
    note: str = "",
) -> Figure:
    """Return the figure of these samples; without any it could not be measured.

    `n` is what one sample was counted of, where it is a share or a mean already.
    """
    value = _statistic(samples, of) if samples else None
    spread = samples if len(samples) > 1 else ()
    return Figure(
        title=title,
        value=value,
        unit=unit,
        n=len(samples) if n is None else n,
        p50=percentile(spread, 0.5) if spread else None,
        p99=percentile(spread, 0.99) if spread else None,
        least=min(spread, default=None),
        most=max(spread, default=None),
        budget=budget.limit if budget else None,
        bound=budget.bound if budget else "at most",
        met=budget.met(value) if budget else None,
        parts=dict(parts or {}),
        beside=dict(beside or {}),
        note=note,
    )


def _statistic(samples: Sequence[float], of: Of) -> float:
    if of == "mean":
        return math.fsum(samples) / len(samples)
    return percentile(samples, {"median": 0.5, "p99": 0.99, "worst": 1.0}[of])
