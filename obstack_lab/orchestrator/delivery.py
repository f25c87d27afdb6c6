"""Releases that are written while the lab runs: checked, rehearsed, and put beside the others."""

from __future__ import annotations

import importlib.util
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from obstack_lab.engine.interface import Engine
from obstack_lab.engine.release import every_release
from obstack_lab.errors import ActionError, EngineError, UnknownName
from obstack_lab.orchestrator.rehearsal import rehearse
from obstack_lab.orchestrator.views import CodeView

_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
_MOST = 200_000
"""Characters of a release."""
Rehearse = Callable[[str, str, Path, Mapping[str, str]], str]


class Delivery:
    """Takes the code of a release; a folder of the lab keeps it."""

    def __init__(self, folder: Path, engine: Engine, rehearse: Rehearse = rehearse) -> None:
        self._folder = folder
        self._engine = engine
        self._rehearse = rehearse

    def code(self, service: str) -> CodeView:
        """Return the code of the release that a service runs."""
        release = self._engine.releases(service)[-1]
        file = self._folder / _file(service, release)
        if file.is_file():
            return CodeView(service=service, release=release, code=file.read_text("utf-8"))
        ours = files("sut.releases") / _file(service, release)
        if not ours.is_file():
            raise UnknownName(f"release of {service}", release)
        return CodeView(service=service, release=release, code=ours.read_text("utf-8"))

    def take(self, service: str, release: str, code: str) -> None:
        """Keep a release that compiles, comes up and stays up; raise ActionError for any other."""
        self._need_free_version(service, release)
        _compiled(code, f"{service} {release}")
        with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=self._made().parent) as draft:
            file = Path(draft) / _file(service, release)
            file.write_text(code, encoding="utf-8")
            problem = self._rehearse(service, release, Path(draft), self._told(service))
            if problem:
                raise _refused("code", f"{service} {release} is not taken: {problem}")
            kept = self._folder / file.name
            Path(importlib.util.cache_from_source(str(kept))).unlink(missing_ok=True)
            file.replace(kept)

    def _made(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    def _told(self, service: str) -> dict[str, str]:
        """Return what an instance is told; of a service that is down, without its settings."""
        try:
            settings = json.dumps(dict(self._engine.config(service)))
        except EngineError:
            settings = ""
        return {**self._engine.outside(service), "SERVICE_SETTINGS": settings}

    def _need_free_version(self, service: str, release: str) -> None:
        if not _VERSION.fullmatch(release):
            raise _refused("release", f"'{release}' is no version. It looks like this: 1.6.9.")
        taken = every_release().get(service, ())
        if release in taken or release in self._running(service):
            raise _refused(
                "release",
                f"{service} {release} is there already, and a release does not change. Take the "
                f"next number; there are {', '.join(taken)}.",
            )

    def _running(self, service: str) -> set[str]:
        found = next((c for c in self._engine.components() if c.name == service), None)
        parts = (found, *found.children) if found else ()
        return {self._engine.releases(service)[-1], *(part.release for part in parts)}


def _compiled(code: str, name: str) -> None:
    if len(code) > _MOST:
        raise _refused("code", f"{name} is longer than {_MOST} characters.")
    try:
        compile(code, name, "exec")
    except SyntaxError as error:
        where = f"line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
        raise _refused("code", f"{name} is not taken: {where}") from error
    except ValueError as error:
        raise _refused("code", f"{name} is not taken: {error}.") from error


def _refused(parameter: str, message: str) -> ActionError:
    return ActionError(message, action="release", parameter=parameter)


def _file(service: str, release: str) -> str:
    return f"{service}_{release.replace('.', '_')}.py"
