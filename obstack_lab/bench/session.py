"""Plays benchmarks one after the other; one that cannot be played does not hold up the others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import psutil
from pydantic import BaseModel, ConfigDict

from obstack_lab.bench.figure import Figure
from obstack_lab.bench.machine import Machine
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import LabError


class Session(BaseModel):
    """Everything that was measured in one go."""

    model_config = ConfigDict(frozen=True)

    machine: Machine
    quick: bool
    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()
    failures: Mapping[str, str] = {}

    @property
    def missed(self) -> tuple[str, ...]:
        """Names of the figures that do not keep their budget."""
        return tuple(name for name, figure in self.figures.items() if figure.met is False)

    @property
    def held(self) -> bool:
        """Whether everything was measured and every budget kept."""
        return not self.missed and not self.failures


def play(
    names: tuple[str, ...],
    machine: Machine,
    *,
    quick: bool,
    find: Callable[[str], Callable[[Setting], Measured]],
    tell: Callable[[str, str], None],
    done: Callable[[str, Measured | str], None] = lambda *_: None,
) -> Session:
    """Play these benchmarks, each in a folder of its own; only a failed one's logs are left.

    `find` gives a benchmark's function, `tell` hears a benchmark's name and what it is doing,
    `done` what came of it or why nothing.
    """
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    failures: dict[str, str] = {}
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix=f"obstack-bench-{name}-"))
        folder.chmod(0o755)  # the database's own account has to pass
        setting = Setting(folder, quick, lambda text, name=name: tell(name, text))  # type: ignore[misc]  # binds the name of this turn
        try:
            measured = find(name)(setting)
        except (LabError, httpx.HTTPError, psutil.Error, OSError) as error:
            failures[name] = f"{error} Logs are kept in {folder}"
            done(name, failures[name])
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        else:
            shutil.rmtree(folder, ignore_errors=True)
            figures.update(measured.figures)
            notes += [f"{name}: {note}" for note in measured.notes]
            done(name, measured)
    return Session(
        machine=machine, quick=quick, figures=figures, notes=tuple(notes), failures=failures
    )
