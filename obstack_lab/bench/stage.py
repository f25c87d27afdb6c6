"""A lab of one benchmark's own, ended and removed afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from obstack_lab.bench.setting import Setting
from obstack_lab.certify.play import well
from obstack_lab.engine.embedded.wipe import wipe
from obstack_lab.errors import LabDown, Timeout, UsageError
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.run import SANDBOX
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

SCENARIO = "checkout-stalls"
WELL_WITHIN = 90.0
_BROKEN = "orders"
_FORGET = 12.0
"""Seconds after which the criteria's windows hold nothing of the bad release any more."""


@dataclass(frozen=True)
class Stage:
    """A running lab and a client of it."""

    home: LabHome
    state: LabState
    client: Client


@contextmanager
def stage(setting: Setting) -> Iterator[Stage]:
    """Bring up a lab in the benchmark's folder; afterwards nothing of it is left."""
    home = LabHome(setting.folder / "lab")
    setting.tell("starting a lab")
    try:
        state = daemon.launch(home, engine="embedded")
        with Client(state, name="bench") as client:
            yield Stage(home, state, client)
    finally:
        setting.tell("ending the lab")
        remove(home)


def remove(home: LabHome) -> None:
    """End a lab and delete what it stored."""
    daemon.shutdown(home)
    wipe(home)


@contextmanager
def users(on: Stage, setting: Setting, *, speed: float = 1.0) -> Iterator[str]:
    """Let users come to the healthy system, 20 requests a second; yield the run's id."""
    run = on.client.create_run(SCENARIO, speed=speed)
    try:
        setting.tell("waiting until users and criteria are well")
        await_snapshot(on.client, well, WELL_WITHIN, "the criteria of the healthy system to pass")
        yield run.id
    finally:
        with suppress(UsageError, LabDown):
            on.client.finish(run.id)


@contextmanager
def sandbox(on: Stage) -> Iterator[str]:
    """Have all five services and nobody yet; yield the run's id."""
    run = on.client.create_run(SANDBOX).id
    try:
        yield run
    finally:
        with suppress(UsageError, LabDown):
            on.client.finish(run)


@contextmanager
def operator(on: Stage, setting: Setting) -> Iterator[str]:
    """Let an incident be over: its cause rolled back, users well, actions allowed."""
    # The slow clock keeps the scenario's second act, more traffic, away from the measurement.
    with users(on, setting, speed=0.1) as run:
        healthy = _release(next(on.client.events()))
        on.client.start(run)
        setting.tell("rolling back what the scenario broke")
        broken = await_snapshot(
            on.client, lambda now: _release(now) != healthy, WELL_WITHIN, "the bad release"
        )
        on.client.act("rollback", run, service=_BROKEN)
        await_snapshot(
            on.client,
            lambda now: time.monotonic() - broken > _FORGET and well(now),
            WELL_WITHIN,
            "the criteria to pass after the rollback",
        )
        yield run


def _release(snapshot: Snapshot) -> str:
    """Return the release of the service that the scenario breaks."""
    tops = snapshot.status.components
    return next(c.release for top in tops for c in (top, *top.children) if c.name == _BROKEN)


def await_snapshot(
    client: Client, holds: Callable[[Snapshot], bool], seconds: float, what: str
) -> float:
    """Return the moment (monotonic clock) at which a snapshot that holds was received."""
    deadline = time.monotonic() + seconds
    for snapshot in client.events():
        now = time.monotonic()
        if holds(snapshot):
            return now
        if now > deadline:
            break
    raise Timeout(f"Waited {seconds:.0f} s for {what}. Is the machine busy?")
