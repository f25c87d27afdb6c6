"""Processes that a benchmark starts, ended by their pid whatever happens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from obstack_lab.errors import Timeout

PEERS_VARIABLE = "OBSTACK_LAB_BENCH_PYTHON"
"""A Python that has Locust or Polars, where ours has not."""
_END_WITHIN = 5.0


def free_port() -> int:
    """Return a port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process whose output goes to a log; end it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """TERM, then KILL."""
    process.terminate()
    try:
        process.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_END_WITHIN)


def await_answer(url: str, process: subprocess.Popen[bytes], *, seconds: float = 20) -> None:
    """Return when an address answers well; raise Timeout otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise Timeout(f"{url} did not answer within {seconds:.0f} s.")


def python_with(module: str) -> str | None:
    """Return a Python that can import the module: the one of the environment, or ours."""
    for candidate in (os.environ.get(PEERS_VARIABLE), sys.executable):
        if candidate and _imports(candidate, module):
            return candidate
    return None


def _imports(python: str, module: str) -> bool:
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def how_to_get(module: str) -> str:
    """Return one line that says why a peer is missing and how to have it."""
    return (
        f"skipped beside {module.capitalize()}: no Python here has it. Name one that has: "
        f"{PEERS_VARIABLE}=/path/to/python ./lab bench"
    )
