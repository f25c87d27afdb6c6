"""The library of incidents: the folders below `scenarios/`, read when they are asked for."""

from __future__ import annotations

from pathlib import Path

from obstack_lab.errors import UnknownName
from obstack_lab.scenario.loader import FILE, PROSE, Incident, load
from obstack_lab.settings import resources

Stamp = tuple[int, ...]


class Library:
    """Incidents by id. A file that changed on disk is read again at the next `get`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, tuple[Stamp, Incident]] = {}

    def __repr__(self) -> str:
        return f"<Library of {len(self.ids())} incidents in {self.root}>"

    def ids(self) -> tuple[str, ...]:
        """Return the ids, sorted; broken scenarios are among them until someone gets them."""
        return tuple(sorted(path.parent.name for path in self.root.glob(f"*/{FILE}")))

    def folder(self, name: str) -> Path:
        """Return an incident's folder; raise UnknownName where there is none."""
        known = self.ids()
        if name not in known:
            raise UnknownName("scenario", name, known)
        return self.root / name

    def get(self, name: str) -> Incident:
        """Return an incident; raise UnknownName, or ScenarioError with all its mistakes."""
        folder = self.folder(name)
        stamp = _stamp(folder)
        held = self._read.get(name)
        if held is None or held[0] != stamp:
            held = self._read[name] = stamp, load(folder)
        return held[1]


def library(root: Path | None = None) -> Library:
    """Return the library below `root`, by default the one that came with the lab."""
    return Library(root or resources() / "scenarios")


def _stamp(folder: Path) -> Stamp:
    files = [folder / FILE, *(folder / f"{name}.md" for name in PROSE)]
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in files)
