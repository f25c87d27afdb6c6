"""A component that dies as often as it comes back."""

from __future__ import annotations

import threading
from contextlib import suppress

from obstack_lab.engine.interface import Engine, Policy
from obstack_lab.errors import LabError

_END_WITHIN = 10.0
_BACK_AT_ONCE = Policy(restart="always", backoff=0.2, longest=1.0, most=100_000)


class Reaper:
    """Has a component restarted whenever it ends, and kills it every so often until `end`."""

    def __init__(self, engine: Engine, component: str, *, every: float) -> None:
        self._engine = engine
        self._component = component
        self._every = every
        self._before = engine.supervise(component, _BACK_AT_ONCE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reaper", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let it live, under the policy it had; raise EngineError where it does not come back."""
        self._stop.set()
        self._thread.join(_END_WITHIN)
        self._engine.supervise(self._component, self._before)
        self._engine.restart(self._component)

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(LabError):
                self._engine.signal(self._component, "KILL")
            self._stop.wait(self._every)
