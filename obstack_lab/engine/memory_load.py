"""The line to a load that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from obstack_lab.errors import EngineError


@dataclass
class MemoryLoadPipe:
    """Keeps what was sent in `commands`; a test sets `next_status`."""

    generation: int = 0
    commands: list[dict[str, object]] = field(default_factory=list)
    next_status: Mapping[str, object] | None = None
    running: bool = False

    def send(self, command: Mapping[str, object]) -> None:
        if not self.running:
            raise EngineError(
                "The load does not run. Restart it: `restart load`.", component="load"
            )
        self.commands.append(dict(command))

    def status(self) -> Mapping[str, object] | None:
        return self.next_status

    def began(self) -> None:
        """Say that the process was started (again)."""
        self.generation += 1
        self.running = True
        self.next_status = None
