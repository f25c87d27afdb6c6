"""Which releases exist, and how one is run: a release is a module behind a version number."""

from __future__ import annotations

import signal
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from starlette.types import ASGIApp

from sut.environment import Environment
from sut.errors import UnknownRelease
from sut.service import Runtime, serve, start_runtime
from sut.settings import Settings

RELEASES: dict[str, tuple[str, ...]] = {
    "gateway": ("2.3.0", "2.3.1"),
    "orders": ("1.4.1", "1.4.2", "1.5.0"),
    "inventory": ("3.0.2", "3.1.0"),
}
"""Releases of each service, oldest first."""


class Release(Protocol):
    """What a module in `sut.releases` offers."""

    SETTINGS: type[Settings]

    def build(self, runtime: Runtime[Any]) -> ASGIApp:
        """Return the service's application."""


def find_release(service: str, release: str) -> Release:
    """Return the code of a release. Raise UnknownRelease where there is none."""
    if service not in RELEASES:
        raise UnknownRelease(service, "", tuple(RELEASES))
    if release not in RELEASES[service]:
        raise UnknownRelease(service, release, RELEASES[service])
    name = f"{service}_{release.replace('.', '_')}"
    return cast("Release", import_module(f"sut.releases.{name}"))


def load_all() -> None:
    """Import the code of every release, so that a fork has it at once."""
    for service, releases in RELEASES.items():
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
