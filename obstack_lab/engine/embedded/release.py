"""Which releases of a service exist: read from the file names, without importing a service."""

from __future__ import annotations

import importlib.util
import pkgutil

from obstack_lab.errors import UnknownName


def known_releases(service: str) -> tuple[str, ...]:
    """Return the releases there are, oldest first; none for a service that does not exist."""
    spec = importlib.util.find_spec("sut.releases")
    folders = spec.submodule_search_locations if spec is not None else None
    names = (module.name.split("_") for module in pkgutil.iter_modules(folders or []))
    found = [tuple(map(int, version)) for name, *version in names if name == service]
    return tuple(".".join(map(str, version)) for version in sorted(found))


def need_release(service: str, release: str) -> None:
    """Raise UnknownName unless the release exists."""
    known = known_releases(service)
    if not known:
        raise UnknownName("service", service)
    if release not in known:
        raise UnknownName(f"release of {service}", release, known)
