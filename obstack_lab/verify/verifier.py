"""Tries many faults on many seeds, on one lab or on several side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from obstack_lab.orchestrator.faults.catalogue import Fault
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.verify.finding import Finding
from obstack_lab.verify.record import Record
from obstack_lab.verify.stage import Stage
from obstack_lab.verify.trial import Time, Trial

Tell = Callable[[Fault, int, Finding | None], None]
"""Hears of a fault and a seed when it begins (None) and when it is found; from several threads."""
Work = tuple[Fault, int]


def verify(
    stages: Sequence[Stage],
    faults: Sequence[Fault],
    *,
    seeds: Sequence[int],
    drivers: Mapping[str, FaultDriver] = DRIVERS,
    time: Time | None = None,
    tell: Tell = lambda *_: None,
    record: Record | None = None,
) -> tuple[Finding, ...]:
    """Return a finding for each fault and seed, in the order of the faults.

    Faults of one stack follow each other on a seed, so that a lab is changed as little as can be.
    What the record has is not played again; it is given each finding as it comes.
    """
    kept = record or Record()
    free: SimpleQueue[Stage] = SimpleQueue()
    for stage in stages:
        free.put(stage)

    def attempt(work: Work) -> Finding:
        fault, seed = work
        if (known := kept.found(fault.id, seed)) is not None:
            return known
        stage = free.get()
        try:
            tell(fault, seed, None)
            finding = Trial(stage, fault, seed, drivers, time or Time()).play()
            kept.keep(finding)
            tell(fault, seed, finding)
            return finding
        finally:
            free.put(stage)

    order = sorted(((fault, seed) for seed in seeds for fault in faults), key=_likeness)
    with ThreadPoolExecutor(len(stages), thread_name_prefix="verify") as pool:
        found = dict(zip(((f.id, s) for f, s in order), pool.map(attempt, order), strict=True))
    return tuple(found[fault.id, seed] for fault in faults for seed in seeds)


def _likeness(work: Work) -> tuple[object, ...]:
    fault, seed = work
    return (fault.services, sorted(fault.instances.items()), fault.rate, seed, fault.row)
