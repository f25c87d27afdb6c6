"""Plays benchmarks one after the other; one that cannot be played does not hold up the others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from obstack_lab.bench.figure import Figure
from obstack_lab.bench.machine import Machine
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import LabError, UsageError


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


def together(earlier: Sequence[Session], order: Sequence[str]) -> Session:
    """Return several runs as one: of a benchmark played twice, the later; the busiest machine.

    `order` has the names of benchmarks, each of which begins the names of its figures.
    """
    figures = {name: each for session in earlier for name, each in session.figures.items()}
    groups = [name.partition("_")[0] for name in figures]
    ranks = {name: rank for rank, name in enumerate(order)}
    ranked = sorted(zip(groups, figures, strict=True), key=lambda each: ranks.get(each[0], 99))
    failures = {name: why for session in earlier for name, why in session.failures.items()}
    return Session(
        machine=max((session.machine for session in earlier), key=lambda machine: machine.load),
        quick=any(session.quick for session in earlier),
        figures={name: figures[name] for _, name in ranked},
        notes=tuple(note for session in earlier for note in session.notes),
        failures={name: why for name, why in failures.items() if name not in groups},
    )


def read(path: Path) -> Session:
    """Return a run from what `bench --json` has printed. Raises UsageError."""
    try:
        return Session.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise UsageError(f"{path} is not what `./lab bench --json` prints.") from error


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
