"""The whole healthy system for minutes, at two rates: nothing fails, nothing grows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from obstack_lab.bench import consumption
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.consumption import Consumption
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, sandbox, stage
from obstack_lab.errors import EngineError
from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.load.reader import read_ledger
from obstack_lab.orchestrator.serve import LEDGER

RATES = (20, 60)
_OURS = frozenset({"gateway", "orders", "inventory", "payments", "worker", "edge", "services"})
_IN_FLIGHT = 5.0
"""Seconds after which every request that was intended has ended, or its user has given up."""


def measure(setting: Setting) -> Measured:
    """Let users come to all five services for ten minutes at each rate."""
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    with stage(setting) as on, sandbox(on) as run:
        for rate in RATES:
            found, lost = _soak(on, setting, run, rate)
            figures |= found
            notes += lost
    return Measured(figures, tuple(notes))


def _soak(
    on: Stage, setting: Setting, run: str, rate: int
) -> tuple[dict[str, Figure], tuple[str, ...]]:
    on.client.load(rate=rate, pattern="steady")
    setting.tell(f"{rate}/s: warming up")
    time.sleep(setting.many(60, 15))
    seconds = setting.many(600, 60)
    setting.tell(f"{rate}/s: users come for {seconds} s")
    first, began, since = consumption.of_lab(on), time.monotonic(), time.time()
    time.sleep(seconds)
    last, ended, until = consumption.of_lab(on), time.monotonic(), time.time()
    time.sleep(_IN_FLIGHT)
    ledger = read_ledger(on.home.runs / run / LEDGER)
    entries = [each for each in ledger if since <= each.intended < until]
    if not entries:
        raise EngineError("No user came; look at `./lab doctor`.", component="load")
    figures = {
        **_of_users(entries, rate),
        **_of_machine(first, last, rate, seconds=ended - began),
    }
    return figures, tuple(_lost(entries, rate))


def _of_users(entries: Sequence[LedgerEntry], rate: int) -> dict[str, Figure]:
    good = sum(each.outcome is Outcome.GOOD for each in entries)
    return {
        f"soak_success_{rate}": figure(
            f"users' requests answered well, {rate}/s",
            [good / len(entries)],
            "ratio",
            n=len(entries),
            budget=BUDGETS["soak_success"],
        ),
        f"soak_latency_{rate}": figure(
            f"time to answer from the intended moment, 99th percentile, {rate}/s",
            [each.latency * 1000 for each in entries],
            "ms",
            of="p99",
            budget=BUDGETS.get(f"soak_latency_{rate}"),
        ),
    }


def _of_machine(
    first: Consumption, last: Consumption, rate: int, *, seconds: float
) -> dict[str, Figure]:
    grown = _more(first.memory, last.memory)
    cores = {name: used / seconds for name, used in _more(first.cpu, last.cpu).items()}
    return {
        f"soak_growth_{rate}": figure(
            f"what the shop's processes have grown meanwhile, PSS, {rate}/s",
            [sum(more for name, more in grown.items() if _shop(name))],
            "MB",
            budget=BUDGETS["soak_growth"],
            parts=grown,
            note="parts: every component; those that store what comes in may grow",
        ),
        f"soak_memory_{rate}": figure(
            f"all five services with orchestrator and load at the end, PSS, {rate}/s",
            [last.total_memory],
            "MB",
            budget=BUDGETS["soak_memory"],
            parts=last.memory,
        ),
        f"soak_cpu_{rate}": figure(
            f"all five services with orchestrator and load, {rate}/s",
            [sum(cores.values())],
            "cores",
            budget=BUDGETS.get(f"soak_cpu_{rate}"),
            parts=cores,
        ),
    }


def _more(first: Mapping[str, float], last: Mapping[str, float]) -> dict[str, float]:
    return {name: value - first.get(name, 0.0) for name, value in last.items()}


def _shop(component: str) -> bool:
    return component in _OURS or component.rpartition("-")[0] in _OURS


def _lost(entries: Sequence[LedgerEntry], rate: int) -> Iterator[str]:
    bad = [each for each in entries if each.outcome is not Outcome.GOOD]
    kinds: dict[str, int] = {}
    for each in bad:
        kind = f"{each.method} {each.route}: {each.outcome} {each.status or ''}".rstrip()
        kinds[kind] = kinds.get(kind, 0) + 1
    for kind, count in sorted(kinds.items(), key=lambda found: -found[1]):
        yield f"soak at {rate}/s: {count} of {len(entries)} requests were lost: {kind}"
