"""What a range aggregation makes of the samples in one window."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

Samples = Sequence[float]
SECOND = 1_000_000_000


def window_function(
    op: str, interval: int, parameter: float | None, *, unwrapped: bool
) -> Callable[[Sequence[int], Samples, int], float]:
    """Return the function from times and values of a window, and its end, to its value.

    The window is never empty; its samples are in order of time.
    """
    seconds = interval / SECOND
    if op == "rate" and unwrapped:
        return lambda _times, values, _end: math.fsum(values) / seconds
    if op == "rate":
        return lambda _times, values, _end: len(values) / seconds
    if op == "bytes_rate":
        return lambda _times, values, _end: math.fsum(values) / seconds
    if op == "rate_counter":
        return lambda times, values, end: _counter_rate(times, values, end, interval)
    if op == "quantile_over_time":
        return lambda _times, values, _end: quantile(parameter or 0.0, values)
    simple = _SIMPLE[op]
    return lambda _times, values, _end: simple(values)


def quantile(share: float, values: Samples) -> float:
    """Return the quantile by linear interpolation between the nearest ranks."""
    if not values or math.isnan(share):
        return math.nan
    if share < 0:
        return -math.inf
    if share > 1:
        return math.inf
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = max(0, math.floor(rank))
    high = min(len(ordered) - 1, low + 1)
    weight = rank - math.floor(rank)
    return ordered[low] * (1 - weight) + ordered[high] * weight


def variance(values: Samples) -> float:
    """Return the population variance (Welford's method, as Loki)."""
    mean = total = 0.0
    for count, value in enumerate(values, 1):
        delta = value - mean
        mean += delta / count
        total += delta * (value - mean)
    return total / len(values)


def mean(values: Samples) -> float:
    """Return the mean."""
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else _rough(values)


def _rough(values: Samples) -> float:
    return sum(values) / len(values)


def largest(values: Samples) -> float:
    """Return the largest value; what is no number counts only where there is nothing else."""
    best = values[0]
    for value in values:
        if value > best or math.isnan(best):
            best = value
    return best


def smallest(values: Samples) -> float:
    """Return the smallest value; what is no number counts only where there is nothing else."""
    best = values[0]
    for value in values:
        if value < best or math.isnan(best):
            best = value
    return best


def _total(values: Samples) -> float:
    return math.fsum(values) if all(map(math.isfinite, values)) else sum(values)


def _counter_rate(times: Sequence[int], values: Samples, end: int, interval: int) -> float:
    """Return the rate of a counter, resets counted as going on from zero.

    It is extrapolated to the ends of the window as Prometheus does
    (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate).
    """
    if len(values) < 2:
        return 0.0
    growth = values[-1] - values[0]
    for before, after in pairwise(values):
        if after < before:
            growth += before
    sampled = (times[-1] - times[0]) / SECOND
    if sampled <= 0:
        return math.nan if growth == 0 else math.inf
    to_start = (times[0] - (end - interval)) / SECOND
    to_end = (end - times[-1]) / SECOND
    gap = sampled / (len(values) - 1)
    to_start, to_end = (ahead if ahead < gap * 1.1 else gap / 2 for ahead in (to_start, to_end))
    if growth > 0 and values[0] >= 0:
        to_start = min(to_start, sampled * (values[0] / growth))
    reach = sampled + to_start + to_end
    return growth * (reach / sampled) / (interval / SECOND)


_SIMPLE: dict[str, Callable[[Samples], float]] = {
    "count_over_time": lambda values: float(len(values)),
    "bytes_over_time": _total,
    "sum_over_time": _total,
    "avg_over_time": mean,
    "min_over_time": smallest,
    "max_over_time": largest,
    "stddev_over_time": lambda values: math.sqrt(variance(values)),
    "stdvar_over_time": variance,
    "first_over_time": lambda values: values[0],
    "last_over_time": lambda values: values[-1],
    "absent_over_time": lambda _values: 1.0,
}
