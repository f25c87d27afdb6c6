"""What Docker there is on this machine, and whether the lab can use it; asked once.

Quick where there is none: a socket that is not there is no reason to wait.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

LEAST_API = (1, 44)
"""The first that knows a health check's `start_interval` (Docker 25)."""
LEAST_COMPOSE = (2, 24)
_SOCKET = "unix:///var/run/docker.sock"
_SECONDS = 5.0
Verdict = Literal["ok", "missing"]


@dataclass(frozen=True)
class Row:
    """One line of the capability table."""

    what: str
    state: Verdict
    found: str
    next_step: str = ""


@dataclass(frozen=True)
class Capability:
    """The program, where its engine listens, and what was found out about both."""

    program: str
    host: str
    rows: tuple[Row, ...]

    @property
    def problem(self) -> str:
        """Why compose cannot be used here, with the next step; `''` where it can."""
        for row in self.rows:
            if row.state == "missing":
                return f"{row.found}. {row.next_step}"
        return ""

    @property
    def reason(self) -> str:
        """Why compose cannot be used here; `''` where it can."""
        return next((row.found for row in self.rows if row.state == "missing"), "")


def look(environ: Mapping[str, str] | None = None) -> Capability:
    """Look for the program, an engine that answers it, and Compose."""
    environ = os.environ if environ is None else environ
    program = shutil.which("docker", path=environ.get("PATH"))
    if program is None:
        row = Row(
            "Docker",
            "missing",
            "There is no program 'docker' here",
            "Install Docker, or use `--engine embedded`.",
        )
        return Capability("", "", (row,))
    host = _host(program, environ)
    rows = [_engine(program, host, environ)]
    if rows[0].state == "ok":
        rows += [_compose(program, environ), _machine(program, host, environ)]
    return Capability(program, host, tuple(rows))


def _host(program: str, environ: Mapping[str, str]) -> str:
    """Return where the engine listens, as the program itself would find it."""
    if chosen := environ.get("DOCKER_HOST"):
        return chosen
    if not environ.get("DOCKER_CONTEXT") and not _context(environ):
        return _SOCKET
    return (
        _ask(program, ("context", "inspect", "--format", "{{.Endpoints.docker.Host}}"), environ)[0]
        or _SOCKET
    )


def _context(environ: Mapping[str, str]) -> str:
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        said = json.loads((folder / "config.json").read_bytes())
        return str(said.get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _engine(program: str, host: str, environ: Mapping[str, str]) -> Row:
    what = "Docker"
    start = "Start Docker, or use `--engine embedded`."
    socket = Path(host.removeprefix("unix://"))
    if host.startswith("unix://") and not socket.exists():
        return Row(what, "missing", f"No Docker engine runs: {socket} is not there", start)
    said, wrong = _ask(program, ("-H", host, "version", "--format", "{{json .Server}}"), environ)
    try:
        server = json.loads(said)
        version, api = str(server["Version"]), str(server["ApiVersion"])
    except (ValueError, KeyError, TypeError):
        return Row(what, "missing", f"The Docker engine does not answer: {wrong or host}", start)
    if _numbers(api) < LEAST_API:
        least = ".".join(map(str, LEAST_API))
        return Row(
            what,
            "missing",
            f"Docker {version} has API {api}, and {least} is needed",
            "Update Docker to 25 or later, or use `--engine embedded`.",
        )
    return Row(what, "ok", f"{version}, API {api}, at {host}")


def _compose(program: str, environ: Mapping[str, str]) -> Row:
    least = ".".join(map(str, LEAST_COMPOSE))
    step = f"Install the Compose plugin {least} or later, or use `--engine embedded`."
    said, _ = _ask(program, ("compose", "version", "--short"), environ)
    if not said:
        return Row("Compose", "missing", "Docker has no Compose plugin", step)
    if _numbers(said) < LEAST_COMPOSE:
        return Row("Compose", "missing", f"Compose {said} is too old", step)
    return Row("Compose", "ok", said)


def _machine(program: str, host: str, environ: Mapping[str, str]) -> Row:
    """Say what the engine can hold containers to; none of it is a reason not to start."""
    said, _ = _ask(program, ("-H", host, "info", "--format", "{{json .}}"), environ)
    try:
        info: Mapping[str, Any] = json.loads(said)
    except ValueError:
        return Row("containers", "ok", "the engine does not say what limits it has")
    cannot = [
        name
        for name, key in (("memory", "MemoryLimit"), ("cpu", "CpuCfsQuota"), ("pids", "PidsLimit"))
        if not info.get(key)
    ]
    limits = f"no limit of {', '.join(cannot)}" if cannot else "limits of memory, cpu and pids"
    return Row(
        "containers",
        "ok",
        f"{info.get('Driver', '?')}, cgroup v{info.get('CgroupVersion', '?')}, {limits}",
    )


def _ask(program: str, words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, str]:
    """Return what the program prints, and its complaint."""
    try:
        done = subprocess.run(
            [program, *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=dict(environ),
        )
    except subprocess.TimeoutExpired:
        return "", f"nothing within {_SECONDS:g} s"
    except OSError as error:
        return "", str(error)
    complaint = (done.stderr.strip().splitlines() or [""])[-1]
    return (done.stdout.strip() if done.returncode == 0 else ""), complaint


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
