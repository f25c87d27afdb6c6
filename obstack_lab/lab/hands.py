"""What a lab lets one do by hand: break a sandbox, look at processes, write a release."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Literal

from obstack_lab.errors import UnknownName
from obstack_lab.lab import words
from obstack_lab.lab.fix import sheet
from obstack_lab.lab.sheet import Sheet
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import FaultView, ProcessView
from obstack_lab.scenario.model import Scalar

if TYPE_CHECKING:
    from obstack_lab.query import Trace

Pattern = Literal["steady", "ramp", "spike", "sine", "replay"]
_TRACE_SECONDS = 15.0
_PAUSE = 0.7
"""Longer than services wait before they send what they have."""


class Hands:
    """The part of a lab that reaches into the system."""

    @property
    @abstractmethod
    def client(self) -> Client:
        """The typed client of the orchestrator that runs now."""

    # the sandbox

    def faults(self) -> Sheet:
        """Return every fault the sandbox can set in, and which are; not while an incident runs."""
        found = self.client.faults()
        rows = [(f.id, str(f.row), _state(f), f.title, _params(f)) for f in found]
        note = 'Set one in: lab.inject("ID"). Take it back: lab.clear("ID"), or all: lab.clear().'
        return Sheet(
            f"{len(found)} faults", ("id", "row", "is", "what happens", "parameters"), rows, note
        )

    def inject(self, fault: str, **params: Scalar) -> Sheet:
        """Set a fault into the sandbox; parameters replace those that `lab.faults()` shows."""
        done = self.client.inject(fault, **params)
        return Sheet(f"{done.id} is set in: {done.title}", note=done.mechanism)

    def clear(self, fault: str | None = None) -> Sheet:
        """Take a fault back, or all of them."""
        back = self.client.clear(fault)
        names = ", ".join(each.id for each in back)
        return Sheet(f"Taken back: {names}." if back else "Nothing was set in.")

    def load(
        self,
        *,
        rate: float,
        pattern: Pattern = "steady",
        mix: Mapping[str, float] | None = None,
        **phase: object,
    ) -> Sheet:
        """Let so many requests a second come to the sandbox; `mix` weighs the users' journeys.

        Patterns other than `steady` take what a scenario's phase takes: `period="60s"`,
        `amplitude=0.5` (sine), `rates=[…]` (replay).
        """
        now = self.client.load(rate=rate, pattern=pattern, mix=dict(mix or {}), **phase)
        return Sheet(f"Users come: {now.words}.")

    # a closer look

    def info(self, component: str) -> Sheet:
        """Return a component's processes: memory, processor, threads, files, connections."""
        rows = [_process(each) for each in self.client.processes(component)]
        columns = ("process", "state", "pid", "release", "settings", "memory", "cpu")
        return Sheet(component, (*columns, "threads", "files", "connections"), rows)

    def trace_request(self, request: str) -> Trace | Sheet:
        """Send one request as a user would (`POST /orders`, `GET /catalogue`); return its trace."""
        sent = self.client.request(request)
        found = self._whole_trace(sent.trace_id)
        if found is None:
            told = f"{sent.request} was answered with {sent.status} in {sent.seconds:.3f} s"
            return Sheet(f"{told}, but its trace {sent.trace_id} has not come.", ok=False)
        return found

    def _whole_trace(self, trace_id: str) -> Trace | None:
        """Wait until a trace is there and grows no more; None where it does not come."""
        from obstack_lab.query import Traceql

        found: Trace | None = None
        deadline = time.monotonic() + _TRACE_SECONDS
        url = self.client.telemetry_url("tempo")
        with closing(Traceql(url, self.client.headers)) as ask:
            while time.monotonic() < deadline:
                before, found = found, None
                with suppress(UnknownName):
                    found = ask.trace(trace_id)
                if found and before and len(list(found.walk())) == len(list(before.walk())):
                    return found
                found = found or before
                time.sleep(_PAUSE)
        return found

    # fix forward

    def release_template(self, service: str) -> str:
        """Return the code of the release that a service runs: what `%%release` begins from."""
        return self.client.code(service).code

    def release(self, service: str, version: str, code: str, *, canary: bool = False) -> Sheet:
        """Build a release of a service from code and deploy it: to all instances, or to one.

        Raises ActionError with the line for code that does not compile, come up or stay up.
        """
        done = self.client.act(
            "release", service=service, release=version, code=code, canary=canary
        )
        return sheet(done)


def _params(fault: FaultView) -> str:
    return ", ".join(f"{name}={value}" for name, value in fault.params.items())


def _state(fault: FaultView) -> str:
    if not fault.injected:
        return "needs root" if fault.needs_root else ""
    return "set in" if fault.there else "set in, its cause is gone"


def _process(each: ProcessView) -> tuple[str, ...]:
    connections = ", ".join(f"{state} {count}" for state, count in each.connections.items())
    memory = words.UNKNOWN if each.memory is None else f"{each.memory / 1e6:.0f} MB"
    return (
        each.instance,
        each.state,
        str(each.pid or words.UNKNOWN),
        each.release,
        words.UNKNOWN if each.settings_version is None else f"v{each.settings_version}",
        memory,
        words.percent(each.cpu),
        words.count(each.threads),
        words.count(each.open_files),
        connections,
    )
