"""The one thread that keeps a desk up to date, and rests while nobody looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.views import Snapshot

ABSENT_AFTER = 20.0
"""Seconds without a beat from a browser after which polling rests."""
PAUSE = 0.5


class Source(Protocol):
    """Where snapshots come from."""

    def events(self) -> Iterator[Snapshot]:
        """Yield a snapshot a second; raise LabError when the line breaks."""

    def reattach(self) -> bool:
        """Look for the orchestrator again; return whether one answers."""


class Presence:
    """Whether somebody looks: browsers beat every 5 s, and cannot while a cell runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard = clock()
        self._busy = False
        self.woken = threading.Event()

    def beat(self) -> None:
        """Note that a browser shows the desk."""
        self._heard = self._clock()
        self.woken.set()

    def busy(self, *_: object) -> None:
        """Note that a cell runs: beats wait in the queue, so their absence says nothing."""
        self._busy = True
        self.woken.set()

    def idle(self, *_: object) -> None:
        """Note that the cell has ended: count from here."""
        self._busy = False
        self._heard = self._clock()

    def here(self) -> bool:
        """Return whether the desk is worth refreshing."""
        return self._busy or self._clock() - self._heard < ABSENT_AFTER


class Refresher:
    """Calls `publish` with each snapshot and `lost` when the line to the orchestrator breaks."""

    def __init__(
        self,
        source: Source,
        presence: Presence,
        publish: Callable[[Snapshot], None],
        lost: Callable[[str], None],
    ) -> None:
        self._source = source
        self._presence = presence
        self._publish = publish
        self._lost = lost
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; a second call changes nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="obstack-refresh", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread within a second or two."""
        self._stop.set()
        self._presence.woken.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._presence.here():
                self._presence.woken.clear()
                self._presence.woken.wait(PAUSE * 10)
                continue
            try:
                self.follow()
            except LabError as error:
                self._lost(str(error))
                self._stop.wait(PAUSE)
                self._find()

    def follow(self) -> None:
        """Publish snapshots until nobody looks any more; raises when the line breaks."""
        for snapshot in self._source.events():
            self._publish(snapshot)
            if self._stop.is_set() or not self._presence.here():
                return

    def _find(self) -> None:
        try:
            self._source.reattach()
        except LabError as error:
            self._lost(str(error))
