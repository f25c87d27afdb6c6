"""The log store under a steady stream for a minute, with questions asked beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psutil

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.exact import SECOND
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.log_lines import pushes
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.store import Store, store
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.errors import EngineError

RATE = 20_000
BATCH = 2_000
QUERIES = (
    '{stream="s3"} |= "error"',
    'sum by (level) (count_over_time({job="bench"} | json | level != "" [5m]))',
)
_PUSH = "/loki/api/v1/push"
_ALL = 'sum(count_over_time({job="bench"}[2h]))'
_COUNTED_WITHIN = 60.0
_TELL = 50
"""Pushes from one word of progress to the next."""


def measure(setting: Setting) -> Measured:
    """Push so many lines a second to a store that has one core, and count them afterwards."""
    seconds, end = setting.many(60, 5), time.time_ns()
    with store(setting) as under:
        with suppress(AttributeError, OSError):  # not every system can hold a process to a core
            psutil.Process(under.pid).cpu_affinity([max(psutil.Process().cpu_affinity())])
        before = _spent(under)
        with _asking(under, end) as taken:
            late, lasted = _stream(under, RATE * seconds, end, setting)
        spent = _spent(under) - before
        setting.tell("counting what is there")
        found = _count(under, end)
        memory = under.memory()
    return Measured(
        _figures(RATE * seconds, found, late=late, lasted=lasted)
        | {
            "ingest_cpu": figure(
                "what the store spends meanwhile, questions included",
                [spent / lasted],
                "cores",
                budget=BUDGETS["ingest_cpu"],
            ),
            "ingest_memory": figure(
                "the store's memory afterwards, PSS",
                [memory],
                "MB",
                budget=BUDGETS["ingest_memory"],
            ),
            "ingest_query": figure(
                "a question asked meanwhile", [each * 1000 for each in taken], "ms"
            ),
        }
    )


def _figures(sent: int, found: int, *, late: list[float], lasted: float) -> dict[str, Figure]:
    return {
        "ingest_rate": figure(
            f"lines taken a second, {RATE:,} a second offered",
            [sent / lasted],
            "lines/s",
            n=sent,
            budget=BUDGETS["ingest_rate"],
        ),
        "ingest_late": figure(
            "how late a push of 2,000 lines was answered, from its intended moment",
            [each * 1000 for each in late],
            "ms",
            of="p99",
        ),
        "ingest_wrong": figure(
            "lines lost or doubled", [abs(found - sent)], "lines", budget=BUDGETS["ingest_wrong"]
        ),
    }


def _stream(under: Store, count: int, end: int, setting: Setting) -> tuple[list[float], float]:
    """Push each batch at its moment; return the seconds each was late, and how long it took."""
    began, late = time.monotonic(), list[float]()
    for number, (_, body) in enumerate(pushes(count, end, size=BATCH)):
        due = began + number * BATCH / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        under.send(_PUSH, body, "application/json")
        late.append(time.monotonic() - due)
        if number % _TELL == 0:
            setting.tell(f"pushed {(number + 1) * BATCH:,}")
    return late, max(time.monotonic() - began, count / RATE)


@contextmanager
def _asking(under: Store, end: int) -> Iterator[list[float]]:
    """Ask a question each second, one after the other; yield the seconds each took."""
    taken: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        turn = 0
        with httpx.Client(base_url=under.http.base_url, timeout=30, trust_env=False) as http:
            while not stop.wait(1):
                began = time.monotonic()
                asked: dict[str, str | int] = {
                    "query": QUERIES[turn % len(QUERIES)],
                    "start": end - 300 * SECOND,
                    "end": end,
                    "step": "30s",
                }
                http.get("/loki/api/v1/query_range", params=asked).raise_for_status()
                taken.append(time.monotonic() - began)
                turn += 1

    thread = threading.Thread(target=ask, name="bench-ask", daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        stop.set()
        thread.join(timeout=30)


def _count(under: Store, end: int) -> int:
    deadline = time.monotonic() + _COUNTED_WITHIN
    while True:
        answer = under.http.get("/loki/api/v1/query", params={"query": _ALL, "time": end + SECOND})
        if answer.is_success:
            result = answer.json()["data"]["result"]
            return int(float(result[0]["value"][1])) if result else 0
        if time.monotonic() > deadline:
            raise EngineError(
                f"The store does not count: {answer.text[:200]}", component="telemetry"
            )
        time.sleep(1)


def _spent(under: Store) -> float:
    usage = usage_of(under.pid, with_children=True)
    return usage.cpu_seconds if usage else 0.0
