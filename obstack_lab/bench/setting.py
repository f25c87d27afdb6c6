"""What a benchmark is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from obstack_lab.bench.figure import Figure


@dataclass(frozen=True)
class Setting:
    """Where and how to measure: a folder of its own, and whom to tell what is being done."""

    folder: Path
    quick: bool = False
    tell: Callable[[str], None] = lambda _: None

    def many(self, usual: int, quick: int) -> int:
        """Return a number of repetitions, seconds or rows: fewer when it shall be quick."""
        return quick if self.quick else usual


@dataclass(frozen=True)
class Measured:
    """Figures by name, and what has to be said about them."""

    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = field(default=())
