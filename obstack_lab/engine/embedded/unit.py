"""One component under the engine's care: its state, and who may change it when."""

from __future__ import annotations

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.interface import Component, ComponentKind, ComponentState
from obstack_lab.engine.supervision import CLEAN_EXIT, Ending
from obstack_lab.errors import LabError

Clock = Callable[[], float]


@dataclass(frozen=True)
class _Status:
    state: ComponentState
    since: float
    detail: str = ""


class Unit(ABC):
    """Starts, stops and checks one component; who starts it anew is for others to say.

    `on_spawn` is called with the pid of each new process, before it is asked whether it is ready.
    """

    def __init__(self, name: str, kind: ComponentKind, clock: Clock) -> None:
        self.name = name
        self.component_name = name
        """of whom it is a part: of its service, if it is an instance"""
        self.kind: ComponentKind = kind
        self.release = ""
        self.address = ""
        self._clock = clock
        self._starts = 0
        self._generation = 0
        self._looks = 0
        self._status = _Status("stopped", clock())
        self._lock = threading.Lock()
        self._operation = threading.RLock()
        self.on_spawn: Callable[[int], None] = lambda _: None

    @property
    def state(self) -> ComponentState:
        return self._status.state

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The process id while it runs."""

    @property
    def ending(self) -> Ending | None:
        """How it ended on nobody's order; None while it runs and after it was stopped."""
        status = self._status
        if status.state != "failed":
            return None
        return "clean" if status.detail == CLEAN_EXIT else "failure"

    def start(self) -> None:
        """Start and return when healthy; one that runs is left alone."""
        with self._operation:
            if self.pid is not None and self.state == "healthy":
                return
            before = self.state
            self._starts += 1
            self._enter("starting")
            try:
                if before != "stopped":
                    self._end()
                self._begin()
            except LabError as error:
                self._enter("failed", str(error))
                raise
            self._enter("healthy")

    def stop(self) -> None:
        """End the process and return when it is gone; one that has stopped is left alone."""
        with self._operation:
            if self.state == "stopped":
                return
            self._enter("stopped")
            self._end()

    def restart(self) -> None:
        """Stop and start."""
        with self._operation:
            self.stop()
            self.start()

    def look(self) -> None:
        """Look after it, for the watch.

        A healthy one is asked at every other look: a question costs both sides.
        """
        self._looks += 1
        self.check(ask=self.state != "healthy" or self._looks % 2 == 0)

    def check(self, *, ask: bool = True) -> None:
        """Look at the process and ask it whether it can serve."""
        generation = self._generation
        if self.state in {"stopped", "starting"}:
            return
        ended = self._ended()
        if not (ended or ask):
            return
        problem = "" if ended else self._problem()
        state: ComponentState = "failed" if ended else "unhealthy" if problem else "healthy"
        with self._lock:
            if generation == self._generation and (
                state != self._status.state or (problem and problem != self._status.detail)
            ):
                detail = self._status.detail if self._was_told(ended) else ended or problem
                since = self._clock() if state != self._status.state else self._status.since
                self._status = _Status(state, since, detail)

    def component(self, children: tuple[Component, ...] = ()) -> Component:
        """Return what is known now."""
        status = self._status
        return Component(
            name=self.name,
            kind=self.kind,
            state=status.state,
            pid=None if status.state == "stopped" else self.pid,
            release=self.release,
            address=self.address,
            since=status.since,
            restarts=max(0, self._starts - 1),
            detail=status.detail,
            children=children,
        )

    @abstractmethod
    def _begin(self) -> None:
        """Start the process and wait until it can serve."""

    @abstractmethod
    def _end(self) -> None:
        """End the process and whatever belongs to it."""

    @abstractmethod
    def _ended(self) -> str | None:
        """Say how the process ended, None while it runs."""

    @abstractmethod
    def _problem(self) -> Problem:
        """Ask whether it can serve."""

    def _was_told(self, ended: str | None) -> bool:
        return bool(ended) and self._status.state == "failed"

    def _enter(self, state: ComponentState, detail: str = "") -> None:
        with self._lock:
            self._generation += 1
            self._status = _Status(state, self._clock(), detail)


class SignalledUnit(Unit):
    """A unit whose process can be sent signals."""

    @abstractmethod
    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the process while it runs."""
