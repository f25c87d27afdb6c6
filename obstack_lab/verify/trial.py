"""One fault on one seed: healthy, injected, seen, cleared, healthy again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from obstack_lab.errors import LabError, Timeout
from obstack_lab.orchestrator.criterion import Target
from obstack_lab.orchestrator.faults.catalogue import Fault
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.verify.finding import Finding, User, this_user
from obstack_lab.verify.stage import Stage

WARM_UP = 16.0
"""Seconds of users' requests until every window of a query is full."""
CALM = 5
"""Readings in a row that must be silent before a fault is set in."""
STEADY = 2
"""Readings in a row that must show, or be silent again: one alone may be chance."""
SILENT_WITHIN = 60.0
TAKEN_BACK_WITHIN = 30.0
EVERY = 1.0
LINGER = 4.0
"""Seconds that a fault is left in after it has shown, for its figure at its worst."""


@dataclass
class Time:
    """What a trial waits with; a test has its own."""

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep


@dataclass
class Trial:
    """Plays one fault; raises nothing: what goes wrong is the finding's reason."""

    stage: Stage
    fault: Fault
    seed: int
    drivers: Mapping[str, FaultDriver]
    time: Time = field(default_factory=Time)
    user: User = field(default_factory=this_user)
    _figures: dict[str, float] = field(default_factory=dict)
    _there: dict[str, bool] = field(default_factory=dict)
    _injections: list[Injection] = field(default_factory=list)
    _causes: list[Injection] = field(default_factory=list)
    _triggers: list[Injection] = field(default_factory=list)

    def play(self) -> Finding:
        """Return what was found; the fault is cleared whatever happens."""
        reason = ""
        try:
            self._healthy()
            self._injected()
            self._cleared()
        except LabError as error:
            reason = str(error)
            self._give_up()
        return Finding.model_validate(
            {
                "fault": self.fault.id,
                "row": self.fault.row,
                "seed": self.seed,
                "user": self.user,
                "unit": self.fault.signal.unit,
                "holds": not reason,
                "reason": reason or "as it must be",
                **self._figures,
                **self._there,
            }
        )

    def _healthy(self) -> None:
        """Wait for users and a silent signal; the last reading is the baseline."""
        if self.stage.prepare(self.fault, self.seed):
            self.time.pause(WARM_UP)
        silent = self.fault.signal.silent
        if self._await(silent, "baseline", CALM, SILENT_WITHIN) is None:
            raise Timeout(f"The signal is not silent ({silent}) on the healthy system.")

    def _injected(self) -> None:
        signal = self.fault.signal
        began = self.time.clock()
        for number, part in enumerate(self.fault.inject, start=1):
            wanted = Injection(
                id=f"{self.fault.id}-{number}",
                driver=part.driver,
                params=part.params,
                canary=secrets.token_hex(8),
            )
            made, _ = self.drivers[part.driver].inject(self.stage.engine, wanted, self.time.wall())
            self._injections.append(made)
            (self._causes if part.cause else self._triggers).append(made)
        self._triggers_over()
        shown = self._await(signal.shows, "under", STEADY, self.fault.within, since=began)
        if shown is None:
            raise Timeout(f"The fault did not show ({signal.shows}) in {self.fault.within:.0f} s.")
        self._figures["seconds_to_show"] = shown
        self._linger()
        self._there["residual_under"] = self._residual(any_of=False)
        if not self._there["residual_under"]:
            raise Timeout("The fault's cause was gone with nobody acting.")

    def _triggers_over(self) -> None:
        """Wait until what only sets the fault off is over: what is seen then outlives it."""
        until = self.time.clock() + self.fault.within
        while any(self._asked(self._triggers)):
            if self.time.clock() > until:
                raise Timeout("What sets the fault off is not over by itself.")
            self.time.pause(EVERY)

    def _linger(self) -> None:
        """Keep the worst figure of some seconds."""
        worst = max if self.fault.signal.shows.startswith(">") else min
        until = self.time.clock() + LINGER
        while self.time.clock() < until:
            self.time.pause(EVERY)
            value = self.stage.read(self.fault.signal)
            if value is not None:
                self._figures["under"] = worst(value, self._figures["under"])

    def _cleared(self) -> None:
        silent = self.fault.signal.silent
        began = self.time.clock()
        for _ in range(2):  # the second time changes nothing
            for injection in reversed(self._injections):
                self._take_back(injection, began + TAKEN_BACK_WITHIN)
        self._there["residual_after"] = self._residual(any_of=True)
        if self._there["residual_after"]:
            raise Timeout("The fault's cause is still there after clearing.")
        quiet = self._await(silent, "after", STEADY, SILENT_WITHIN, since=began)
        if quiet is None:
            raise Timeout(f"The signal is not silent again in {SILENT_WITHIN:.0f} s.")
        self._figures["seconds_to_clear"] = quiet

    def _take_back(self, injection: Injection, until: float) -> None:
        """Clear an injection, again and again: what it has overwhelmed may not listen at once."""
        while True:
            try:
                return self.drivers[injection.driver].clear(self.stage.engine, injection)
            except LabError:
                if self.time.clock() > until:
                    raise
                self.time.pause(EVERY)

    def _residual(self, *, any_of: bool) -> bool:
        there = self._asked(self._causes)
        return any(there) if any_of else all(there)

    def _asked(self, injections: list[Injection]) -> list[bool]:
        return [self.drivers[each.driver].residual(self.stage.engine, each) for each in injections]

    def _await(
        self, target: str, name: str, readings: int, seconds: float, *, since: float | None = None
    ) -> float | None:
        """Return after how many seconds the target held for so many readings in a row, or None."""
        began = self.time.clock() if since is None else since
        until = self.time.clock() + seconds
        wanted = Target.parse(target)
        held, first = 0, 0.0
        while self.time.clock() < until:
            value = self.stage.read(self.fault.signal)
            if value is not None:
                self._figures[name] = value
            if value is None or not wanted.met(value):
                held = 0
            else:
                first = self.time.clock() if not held else first
                held += 1
                if held == readings:
                    return round(first - began, 1)
            self.time.pause(EVERY)
        return None

    def _give_up(self) -> None:
        """Take back what can be taken back, and begin the next one with a new lab."""
        for injection in reversed(self._injections):
            try:
                self.drivers[injection.driver].clear(self.stage.engine, injection)
            except LabError:
                continue
        self.stage.renew()
