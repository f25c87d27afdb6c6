"""What the proof of a scenario depends on, as one hash: a certificate of another hash is stale."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.scenario.loader import FILE
from obstack_lab.scenario.model import Scenario
from obstack_lab.settings import resources


def dependencies(scenario: Scenario, folder: Path | None = None) -> tuple[Path, ...]:
    """Return the files that the proof depends on: scenario, drivers, releases it names, rules.

    The scenario lies in `folder`, by default in the library that came with the lab.
    """
    import sut

    root, services = resources(), Path(sut.__file__).parent
    files = [
        (folder or root / "scenarios" / scenario.id) / FILE,
        *_drivers(e.inject.driver for e in scenario.timeline if e.inject),
        *(
            file
            for name in scenario.services
            for file in (services / name).rglob("*")
            if file.suffix in {".py", ".sql"}
        ),
        *(services / "releases" / f"{name}.py" for name in _releases(scenario)),
        *(root / "stack" / "prometheus" / "rules").glob("*.yml"),
    ]
    return tuple(sorted((file for file in files if file.is_file()), key=_name))


def fingerprint(scenario: Scenario, folder: Path | None = None) -> str:
    """Return the hash of the dependencies' contents; the same on every machine."""
    digest = hashlib.sha256()
    for file in dependencies(scenario, folder):
        digest.update(f"{_name(file)}\n".encode())
        stat = file.stat()
        digest.update(_hash(file, stat.st_mtime_ns, stat.st_size))
    return digest.hexdigest()[:16]


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


@lru_cache(maxsize=1000)
def _hash(file: Path, _changed: int, _size: int) -> bytes:
    """Return the hash of a file's content; it is read again only when it has changed."""
    return hashlib.sha256(file.read_bytes()).digest()


def _releases(scenario: Scenario) -> set[str]:
    """Return the modules of the releases that services start at or are deployed."""
    named = {(service, release) for service, release in scenario.releases.items()}
    named |= {
        (str(inject.params["service"]), str(inject.params["release"]))
        for event in scenario.timeline
        if (inject := event.inject) and {"service", "release"} <= set(inject.params)
    }
    return {f"{service}_{release.replace('.', '_')}" for service, release in named}


def _drivers(names: Iterable[str]) -> Iterable[Path]:
    """Return the drivers' modules and the SQL that they name."""
    for name in sorted(set(names) & set(DRIVERS)):
        module = Path(inspect.getfile(type(DRIVERS[name])))
        yield module
        source = module.read_text(encoding="utf-8")
        yield from (sql for sql in module.parent.glob("sql/*.sql") if sql.stem in source)
