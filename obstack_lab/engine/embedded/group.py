"""Several processes that are one component to whoever looks: the telemetry stores."""

from __future__ import annotations

from collections.abc import Sequence

from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.interface import Component


class Group:
    """Processes under one name; each has its own name, too."""

    def __init__(self, name: str, units: Sequence[SignalledUnit]) -> None:
        self.name = name
        self.units = tuple(units)
        self.address = self.units[0].address

    def restart(self) -> None:
        """Restart each; return when all are healthy."""
        for unit in self.units:
            unit.restart()

    def component(self) -> Component:
        """Return the group as one component, as ill as the first that is ill."""
        parts = tuple(unit.component() for unit in self.units)
        shown = next((part for part in parts if part.state != "healthy"), parts[0])
        return Component(
            name=self.name,
            kind=shown.kind,
            state=shown.state,
            pid=shown.pid,
            address=self.address,
            since=max(part.since for part in parts),
            restarts=sum(part.restarts for part in parts),
            detail=f"{shown.name}: {shown.detail}" if shown.detail else "",
            children=parts,
        )
