"""A real Loki or Tempo from the PATH, run beside the store for one test module."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

READY_WITHIN = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Return the program's path; the test skips where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on the PATH")
    return found


@contextlib.contextmanager
def running(argv: list[str], url: str, folder: Path) -> Iterator[str]:
    """Run a server until the block is left; yield its address once it is ready."""
    environment = os.environ | {"OBSTACK_LAB_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, env=environment)
    try:
        await_ready(process, url, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)


def await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/ready", timeout=2).status_code == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"{url} was not ready within {READY_WITHIN:.0f} s: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def store(folder: Path) -> Iterator[str]:
    """Run our store, empty."""
    port = free_port()
    argv = [sys.executable, "-m", "obstack_lab.telemetry", "--port", str(port), "--no-retention"]
    folder.mkdir()
    with running([*argv, "--data", str(folder)], f"http://127.0.0.1:{port}", folder) as url:
        yield url


def config(folder: Path, template: str, ports: dict[str, int]) -> Path:
    """Return a configuration written from a template beside this file."""
    folder.mkdir()
    text = (Path(__file__).parent / template).read_text(encoding="utf-8")
    for name, port in ports.items():
        text = text.replace(f"${name}", str(port))
    file = folder / template
    file.write_text(text.replace("$folder", str(folder)), encoding="utf-8")
    return file
