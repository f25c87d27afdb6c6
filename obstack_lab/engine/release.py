"""Which releases of a service exist: read from the file names, without importing a service."""

from __future__ import annotations

import importlib.util
import pkgutil
from pathlib import Path

from obstack_lab.errors import UnknownName


def every_release(*delivered: Path) -> dict[str, tuple[str, ...]]:
    """Return the releases of each service, oldest first; with those in more folders."""
    spec = importlib.util.find_spec("sut.releases")
    folders = spec.submodule_search_locations if spec is not None else None
    found: dict[str, list[tuple[int, ...]]] = {}
    for module in pkgutil.iter_modules([*(folders or []), *map(str, delivered)]):
        service, *version = module.name.split("_")
        found.setdefault(service, []).append(tuple(map(int, version)))
    return {
        service: tuple(".".join(map(str, version)) for version in sorted(versions))
        for service, versions in found.items()
    }


def known_releases(service: str, *delivered: Path) -> tuple[str, ...]:
    """Return the releases there are, oldest first; none for a service that does not exist."""
    return every_release(*delivered).get(service, ())


def need_release(service: str, release: str, *delivered: Path) -> None:
    """Raise UnknownName unless the release exists."""
    known = known_releases(service, *delivered)
    if not known:
        raise UnknownName("service", service)
    if release not in known:
        raise UnknownName(f"release of {service}", release, known)
