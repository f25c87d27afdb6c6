"""Tells the load which users come, and tells it again when its process was started anew."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.run import Run
from obstack_lab.scenario.model import LoadPhase

GATEWAY = "gateway"


class Traffic:
    """The users of one run. Thread-safe; a load that is dead hears of it when it comes back."""

    def __init__(self, engine: Engine, ledger: Path) -> None:
        self._engine = engine
        self._ledger = ledger
        self._start: dict[str, Any] | None = None
        self._phase: LoadPhase | None = None
        self._weights: dict[str, float] = {}
        self._told = 0
        self._lock = threading.Lock()

    def start(self, run: Run, now: float) -> None:
        """Let the scenario's users come, by the run's seed. Raises EngineError."""
        load = run.scenario.load.model_copy(update={"seed": run.seed})
        with self._lock:
            self._start = {
                "op": "start",
                "target": self._engine.address(GATEWAY),
                "load": load.model_dump(mode="json"),
                "objective": run.scenario.objective.model_dump(mode="json"),
                "epoch": now,
            }
            self._tell()

    def follow(self, phase: LoadPhase) -> None:
        """Replace the schedule from now on."""
        with self._lock:
            self._phase = phase
            self._engine.load_pipe().send(_phase(phase))

    def mix(self, weights: Mapping[str, float]) -> None:
        """Let users begin these journeys, as often relative to each other."""
        with self._lock:
            self._weights = dict(weights)
            self._engine.load_pipe().send(_mix(self._weights))

    def stop(self) -> None:
        """Let no more users come; a load that is gone already is no error."""
        with self._lock:
            self._start = None
            try:
                self._engine.load_pipe().send({"op": "stop"})
            except EngineError:
                return

    def keep(self) -> None:
        """Tell a load that was started anew what its users do."""
        with self._lock:
            if self._start is not None and self._engine.load_pipe().generation != self._told:
                try:
                    self._tell()
                except EngineError:
                    return

    def _tell(self) -> None:
        pipe = self._engine.load_pipe()
        generation = pipe.generation
        pipe.send({"op": "ledger", "path": str(self._ledger)})
        pipe.send(self._start or {})
        if self._phase is not None:
            pipe.send(_phase(self._phase))
        if self._weights:
            pipe.send(_mix(self._weights))
        self._told = generation


def _phase(phase: LoadPhase) -> dict[str, Any]:
    return {"op": "phase", "phase": phase.model_dump(mode="json")}


def _mix(weights: Mapping[str, float]) -> dict[str, Any]:
    return {"op": "mix", "weights": dict(weights)}
