"""Ticks the orchestrator once a second and publishes what everyone sees."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.orchestrator import Orchestrator

_EVERY = 1.0
_END_WITHIN = 5.0
Publish = Callable[[str], None]


class Conductor:
    """One thread. A tick that fails is shown as the lab's trouble, and the next one is tried."""

    def __init__(self, orchestrator: Orchestrator, publish: Publish) -> None:
        self._orchestrator = orchestrator
        self._publish = publish
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="conductor", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self) -> None:
        """End after the tick at work."""
        self._stop.set()
        self._thread.join(_END_WITHIN)

    def tick(self) -> None:
        """Do one second's work and publish the snapshot."""
        try:
            self._orchestrator.tick()
            self._orchestrator.stumbled("")
        except LabError as error:
            self._orchestrator.stumbled(str(error))
        except Exception as error:  # noqa: BLE001 - the run goes on; the error is shown and logged
            self._orchestrator.stumbled(f"{type(error).__name__}: {error}")
            with suppress(OSError):  # where the disk is full, the log is full, too
                traceback.print_exc()
        self._publish(self._orchestrator.snapshot().model_dump_json())

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            self.tick()
            due = max(due + _EVERY, time.monotonic())
            self._stop.wait(due - time.monotonic())
