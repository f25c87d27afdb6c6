"""Waiting for what real components do: every wait has a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import Snapshot


def comes(what: Callable[[], object], seconds: float, pause: float = 0.05) -> bool:
    """Say whether it comes true within so many seconds; asked again after each pause."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def wait_for(what: str, holds: Callable[[], object], seconds: float, pause: float = 0.1) -> None:
    """Return once it holds; `what` says it where it does not in so many seconds."""
    assert comes(holds, seconds, pause), f"waited {seconds} s in vain: {what}"


def watch(client: Client, until: Callable[[Snapshot], bool], seconds: float) -> Snapshot:
    """Return the first snapshot of the current run for which `until` holds."""
    run = client.run().id
    deadline = time.monotonic() + seconds
    for snapshot in client.events():
        if snapshot.run is not None and snapshot.run.id == run:
            if until(snapshot):
                return snapshot
            assert time.monotonic() < deadline, snapshot.criteria
    raise AssertionError("the stream of events ended")
