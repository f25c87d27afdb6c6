"""One thread follows the snapshots; it rests while nobody looks and finds the lab again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import desk_states

from obstack_lab.errors import LabDown
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.panels.refresher import Presence, Refresher

SNAPSHOT = desk_states.snapshot(desk_states.STATES["incident"])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Breaks once, then yields until it is told to stop."""

    def __init__(self) -> None:
        self.broken = 1
        self.reattached = 0

    def events(self) -> Iterator[Snapshot]:
        if self.broken:
            self.broken -= 1
            raise LabDown
        yield SNAPSHOT
        yield SNAPSHOT
        yield SNAPSHOT

    def reattach(self) -> bool:
        self.reattached += 1
        return True


def test_presence_lapses_without_beats_but_not_while_a_cell_runs() -> None:
    clock = Clock()
    presence = Presence(clock)
    clock.now = 19
    assert presence.here()
    clock.now = 21
    assert not presence.here()
    presence.beat()
    assert presence.here()
    presence.busy()
    clock.now = 500
    assert presence.here()
    presence.idle()
    clock.now = 519
    assert presence.here()
    clock.now = 521
    assert not presence.here()


def test_following_stops_after_the_snapshot_at_which_nobody_looks_any_more() -> None:
    clock, source, shown = Clock(), Source(), []
    source.broken = 0
    presence = Presence(clock)

    def publish(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        clock.now += 15

    Refresher(source, presence, publish, lambda _: None).follow()
    assert len(shown) == 2


def test_a_broken_line_is_told_and_found_again() -> None:
    source, lost, seen = Source(), [], threading.Event()
    refresher = Refresher(source, Presence(), lambda _: seen.set(), lost.append)
    refresher.start()
    refresher.start()
    assert seen.wait(5)
    threads = [t for t in threading.enumerate() if t.name == "obstack-refresh"]
    refresher.close()
    assert len(threads) == 1
    assert lost
    assert source.reattached == 1
