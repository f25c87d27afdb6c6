"""A throwaway instance of a release: it must come up and stay up before anybody sees it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import httpx

import obstack_lab

_READY_SECONDS = 15.0
_STAY_SECONDS = 2.0
_STOP_SECONDS = 3.0
_PAUSE = 0.1
_PROBE_SECONDS = 1.0
_TELEMETRY = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


def rehearse(service: str, release: str, folder: Path, told: Mapping[str, str]) -> str:
    """Run the release of a folder beside the system; return why it is refused, `''` if it is not.

    It gets no user, tells no telemetry, and is gone afterwards.
    """
    with tempfile.TemporaryFile() as said, _running(service, release, folder, told, said) as ran:
        process, port = ran
        problem = _come_up(process, port)
        if not problem:
            problem = _stay_up(process, port)
        if not problem:
            return ""
        return _told_by_itself(said, folder) or problem


@contextmanager
def _running(
    service: str, release: str, folder: Path, told: Mapping[str, str], said: IO[bytes]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port, door = _free_ports(2)
    argv = [sys.executable, "-m", "sut", service, "--release", release, "--port", str(port)]
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    process = subprocess.Popen(
        [setpriv, "--pdeathsig", "KILL", "--", *argv] if setpriv else argv,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        start_new_session=True,
        cwd=folder,
        env={
            **os.environ,
            **told,
            "SERVICE_INSTANCE_ID": f"{service}-rehearsal",
            "SUT_RELEASES_DIR": str(folder),
            "PAYMENTS_TLS_PORT": str(door),
            **dict.fromkeys(_TELEMETRY, ""),
            "PYTHONPATH": str(Path(obstack_lab.__file__).parent.parent),
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    try:
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _come_up(process: subprocess.Popen[bytes], port: int) -> str:
    deadline = time.monotonic() + _READY_SECONDS
    problem = "it does not listen"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"it ended with code {process.returncode}"
        problem = _problem(port)
        if not problem:
            return ""
        time.sleep(_PAUSE)
    return f"it was not ready within {_READY_SECONDS:.0f} s: {problem}"


def _stay_up(process: subprocess.Popen[bytes], port: int) -> str:
    try:
        process.wait(_STAY_SECONDS)
    except subprocess.TimeoutExpired:
        problem = _problem(port)
        return f"it was ready and is so no longer: {problem}" if problem else ""
    return f"it came up and ended at once with code {process.returncode}"


def _problem(port: int) -> str:
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{port}/readyz", timeout=_PROBE_SECONDS, trust_env=False
        )
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return "" if answer.is_success else f"/readyz answers {answer.status_code} {answer.text}"


def _told_by_itself(said: IO[bytes], folder: Path) -> str:
    """Return the last error of a traceback with its line in the release, where there is one."""
    said.seek(0)
    text = said.read().decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or lines[-1].startswith("{"):
        return ""
    places = re.findall(rf'File "{re.escape(str(folder))}/[^"]+", line (\d+)', text)
    return f"line {places[-1]}: {lines[-1]}" if places else lines[-1]
