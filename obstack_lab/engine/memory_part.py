"""One process that is not there, and a service made of such."""

from __future__ import annotations

from dataclasses import dataclass, field

from obstack_lab.engine.interface import Component, ComponentKind, ComponentState, Scalar
from obstack_lab.engine.supervision import CLEAN_EXIT, Ending
from obstack_lab.engine.topology import kind_of


@dataclass
class Part:
    """What a process would be known by."""

    name: str
    kind: ComponentKind
    address: str = ""
    state: ComponentState = "stopped"
    pid: int | None = None
    release: str = ""
    since: float = 0.0
    starts: int = 0
    detail: str = ""

    def began(self, pid: int, now: float) -> None:
        """Take that the process was started (again)."""
        self.starts += 1
        self.state, self.pid, self.detail, self.since = "healthy", pid, "", now

    def ended(self, state: ComponentState, detail: str, now: float) -> None:
        """Take that the process has ended."""
        self.state, self.pid, self.detail, self.since = state, None, detail, now

    @property
    def ending(self) -> Ending | None:
        """How it ended on nobody's order."""
        if self.state != "failed":
            return None
        return "clean" if self.detail == CLEAN_EXIT else "failure"

    def component(self) -> Component:
        return Component(
            name=self.name,
            kind=self.kind,
            state=self.state,
            pid=self.pid,
            release=self.release,
            address=self.address,
            since=self.since,
            restarts=max(0, self.starts - 1),
            detail=self.detail,
        )


@dataclass
class Service:
    """The instances of a service, at one release but for canaries."""

    name: str
    settings: dict[str, Scalar]
    history: list[str] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    count: int = 0
    canaries: dict[str, str] = field(default_factory=dict)

    @property
    def instances(self) -> list[Part]:
        return [self.parts[number] for number in range(1, self.count + 1)]

    def release_of(self, instance: str) -> str:
        """Return the release that an instance is started at."""
        return self.canaries.get(instance, self.history[-1])

    def component(self) -> Component:
        """Return the service as one; its instances as children unless there is one."""
        first = self.parts[1].component()
        parts = tuple(part.component() for part in self.instances)
        ill = next((part for part in parts if part.state != "healthy"), None)
        state, detail = (ill.state, ill.detail) if ill else ("healthy", "")
        if not parts:
            state, detail = "stopped", "scaled to 0"
        return Component(
            name=self.name,
            kind=kind_of(self.name),
            state=state,
            pid=next((part.pid for part in parts if part.pid), None),
            release=parts[0].release if len(parts) == 1 else self.history[-1],
            address=first.address,
            since=max((part.since for part in parts), default=first.since),
            restarts=sum(part.restarts for part in parts),
            detail=detail,
            children=parts if len(parts) != 1 else (),
        )
