"""One lab as a Compose project: its file, and the commands that make and remove what it says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from obstack_lab.engine.compose.capability import Capability
from obstack_lab.engine.compose.owner import HOME_LABEL, LABEL, owner
from obstack_lab.errors import EngineError, LabError, Timeout
from obstack_lab.settings import LabHome, resources

_CREATE_SECONDS = 120.0
_PULL_SECONDS = 1800.0
_DOWN_SECONDS = 60.0
_LAST_WORDS = 300
Spec = Mapping[str, Any]
"""What is said of a service beside what `stack/compose.yaml` says of its kind."""


def project_name(home: LabHome) -> str:
    """Return the project of a lab's directory: the same each time, another for each."""
    return f"obstack-{hashlib.sha256(os.fsencode(home.path)).hexdigest()[:10]}"


class Project:
    """Writes the lab's own Compose file and runs the command; one command at a time."""

    def __init__(self, home: LabHome, capability: Capability, variables: Mapping[str, str]) -> None:
        self.name = project_name(home)
        self._folder = home.private / "compose"
        self._home = home
        self._capability = capability
        self._variables = variables
        self._services: dict[str, Spec] = {}
        self._wanted: dict[str, Spec] = {}
        self._failed: dict[str, LabError] = {}
        self._labels = {LABEL: owner(), HOME_LABEL: str(home.path)}
        self._lock = threading.RLock()
        self._asking = threading.Lock()

    @property
    def base(self) -> Path:
        """The file that says what every lab has."""
        return resources() / "stack" / "compose.yaml"

    @property
    def file(self) -> Path:
        """The file that says what this lab has."""
        return self._folder / "lab.yaml"

    def create(self, services: Mapping[str, Spec]) -> None:
        """Make the containers of services, none of them started; those that differ, anew.

        Those that are asked for while a command runs are made together by the next one.
        """
        with self._asking:
            self._wanted.update(services)
        with self._lock:
            with self._asking:
                wanted, self._wanted = self._wanted, {}
            if wanted:
                self._make(wanted)
            failures = [error for name in services if (error := self._failed.pop(name, None))]
        if failures:
            raise failures[0]

    def _make(self, services: Mapping[str, Spec]) -> None:
        self._services.update(services)
        self._write()
        try:
            self._run(["create", "--no-build", "--pull", "missing", *services], _CREATE_SECONDS)
        except LabError as error:
            self._failed.update(dict.fromkeys(services, error))

    def pull(self, images: Sequence[str]) -> None:
        """Fetch images by name; raise where a registry does not give one."""
        for image in images:
            try:
                self._call([self._capability.program, "pull", "--quiet", image], _PULL_SECONDS)
            except EngineError as error:
                raise EngineError(
                    f"The image {image} is not here and cannot be fetched. Look whether this "
                    "machine reaches its registry, or use `--engine embedded`.",
                    component="images",
                ) from error

    def down(self) -> None:
        """Remove every container and the network of the project; its volumes stay."""
        with self._lock:
            if self.file.is_file():
                self._run(
                    ["--profile", "*", "down", "--remove-orphans", "--timeout", "1"], _DOWN_SECONDS
                )
            self._services.clear()

    def exec_argv(self, container: str, *argv: str) -> list[str]:
        """Return the command line that runs something in a container, joined to our pipes."""
        return [self._capability.program, "exec", "--interactive", container, *argv]

    def environment(self) -> dict[str, str]:
        """Return the environment of the command: the same engine as the SDK's."""
        return {
            **os.environ,
            **self._variables,
            "DOCKER_HOST": self._capability.host,
            "COMPOSE_IGNORE_ORPHANS": "1",
        }

    def _run(self, words: Sequence[str], seconds: float) -> None:
        files = ("--file", str(self.base), "--file", str(self.file))
        program = (self._capability.program, "compose", "--project-name", self.name)
        self._call([*program, *files, "--progress", "quiet", *words], seconds)

    def _call(self, argv: Sequence[str], seconds: float) -> None:
        try:
            done = subprocess.run(
                argv,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise Timeout(
                f"Docker did not do `{' '.join(argv[1:3])}` within {seconds:g} s. "
                "Look at `docker info`."
            ) from error
        except OSError as error:
            raise EngineError(f"Docker cannot be called: {error}. See `./lab doctor`.") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise EngineError(f"Docker Compose refuses: {said[-1][:_LAST_WORDS]}")

    def _write(self) -> None:
        services = {
            name: {**_escaped(spec), "labels": self._labels}
            for name, spec in sorted(self._services.items())
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(
            json.dumps({"name": self.name, "services": services}, indent=2), encoding="utf-8"
        )
        draft.replace(self.file)


def _escaped(value: Any) -> Any:
    """Return a value in which Compose finds no variables of its own."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(each) for each in value]
    return value
