"""Which releases exist, and how one is run: a release is a module behind a version number."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

from starlette.types import ASGIApp

from sut.environment import Environment
from sut.errors import UnknownRelease
from sut.service import Runtime, serve, start_runtime
from sut.settings import Settings

RELEASES: dict[str, tuple[str, ...]] = {
    "gateway": ("2.3.0", "2.3.1", "2.4.0", "2.5.0", "2.6.0"),
    "orders": (
        *("1.4.1", "1.4.2"),
        *("1.5.0", "1.5.1", "1.5.2", "1.5.3", "1.5.4"),
        *("1.6.0", "1.6.1", "1.6.2", "1.6.3", "1.6.4"),
        "1.7.0",
    ),
    "inventory": ("3.0.2", "3.1.0", "3.1.1", "3.1.2"),
    "payments": ("0.9.4", "1.0.0"),
    "worker": ("1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.1.0", "1.1.1"),
}
"""Releases of each service, oldest first."""

INSTRUMENTS: dict[str, tuple[str, ...]] = {"exporter": ("1.0.0",)}
"""Releases of what watches the shop and is no part of it."""

DELIVERED_VARIABLE = "SUT_RELEASES_DIR"
"""A folder of more releases, delivered while the system runs: modules named as the package's."""


class Release(Protocol):
    """What a module in `sut.releases` offers."""

    SETTINGS: type[Settings]

    def build(self, runtime: Runtime[Any]) -> ASGIApp:
        """Return the service's application."""


def need_release(service: str, release: str) -> Path | None:
    """Return the file of a release that was delivered, None for one of the package.

    Raise UnknownRelease where there is neither.
    """
    if release in INSTRUMENTS.get(service, ()):
        return None
    if service not in RELEASES:
        raise UnknownRelease(service, "", tuple(RELEASES))
    if release in RELEASES[service]:
        return None
    folder = os.environ.get(DELIVERED_VARIABLE)
    file = Path(folder) / f"{_module(service, release)}.py" if folder else None
    if file is None or not file.is_file():
        raise UnknownRelease(service, release, RELEASES[service])
    return file


def find_release(service: str, release: str) -> Release:
    """Return the code of a release. Raise UnknownRelease where there is none."""
    file = need_release(service, release)
    name = _module(service, release)
    if file is None:
        return cast("Release", import_module(f"sut.releases.{name}"))
    spec = importlib.util.spec_from_file_location(f"sut.releases.{name}", file)
    if spec is None or spec.loader is None:
        raise UnknownRelease(service, release, RELEASES[service])
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return cast("Release", module)


def _module(service: str, release: str) -> str:
    return f"{service}_{release.replace('.', '_')}"


def load_all() -> None:
    """Import the code of every release, so that a fork has it at once."""
    for service, releases in (RELEASES | INSTRUMENTS).items():
        for release in releases:
            find_release(service, release)


def run(environment: Environment) -> None:
    """Run a service at its release until SIGTERM or SIGINT, then raise SystemExit(0)."""
    release = find_release(environment.service, environment.release)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    runtime = start_runtime(environment, release.SETTINGS)
    try:
        serve(release.build(runtime), environment)
    finally:
        runtime.telemetry.close()


def _leave(*_: object) -> NoReturn:
    """End by the normal way out: uvicorn raises its signal again once it has stopped serving."""
    raise SystemExit(0)
