"""Python's garbage collection as an operator sees it: how often, and how long all else stood."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import CounterMetricFamily, Metric

from sut.metrics import Metrics

GENERATIONS = ("0", "1", "2")


class Garbage:
    """Counts the collections of this process and the time they take, by generation."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = 0.0
        self._seconds = dict.fromkeys(GENERATIONS, 0.0)
        self._rounds = dict.fromkeys(GENERATIONS, 0)

    def start(self, metrics: Metrics) -> None:
        """Count from now on."""
        gc.callbacks.append(self.note)
        metrics.watch(self.measure)

    def note(self, phase: str, info: dict[str, int]) -> None:
        """Take note of the beginning or the end of a collection."""
        if phase == "start":
            self._began = self._clock()
            return
        generation = str(info["generation"])
        self._seconds[generation] += self._clock() - self._began
        self._rounds[generation] += 1

    def measure(self) -> Iterable[Metric]:
        """Return both counters."""
        seconds = CounterMetricFamily(
            "python_gc_seconds",
            "Time in which a collection stopped all else.",
            labels=["generation"],
        )
        rounds = CounterMetricFamily(
            "python_gc_collections", "Garbage collections.", labels=["generation"]
        )
        for generation in GENERATIONS:
            seconds.add_metric([generation], self._seconds[generation])
            rounds.add_metric([generation], self._rounds[generation])
        return (seconds, rounds)
