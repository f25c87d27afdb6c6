"""Kernels that begin at once: an extension of the lab's Jupyter server.

A process (`obstack_lab.cli.nursery`) has imported what the lab's notebooks import, and forks the
kernel of each notebook or page of Voila. Until it is ready, or where a kernel is not like it,
kernels start as they always do.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from obstack_lab.engine.living import living
from obstack_lab.settings import resources

NAME = "obstack-lab-nursery"
LAUNCHER = ["-m", "ipykernel_launcher"]
PAUSE = 3.0
"""Seconds until the nursery starts: the lab starts too, and needs the processor first."""
REPLY_SECONDS = 5.0
_FIXED = ("PYTHON", "LD_")
"""Variables that a process reads once, when it starts."""


class Forked:
    """A kernel that the nursery forked: as much of `subprocess.Popen` as a provisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._started = psutil.Process(pid).create_time()

    def poll(self) -> int | None:
        """Return None while it runs; how it ended is the nursery's to know."""
        return None if living(self.pid, self._started) else 0

    def wait(self) -> int:
        """Return at once; whoever calls has polled before."""
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it runs."""
        if process := living(self.pid, self._started):
            process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The server's line to the process that forks. It ends with the server."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._edited = 0.0
        self._ready = False
        self._turn = asyncio.Lock()

    def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        self._edited, self._ready = _last_edited(), False
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "obstack_lab.cli.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=resources(),
            start_new_session=True,
        )
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)

    def ready(self) -> bool:
        """Return whether a kernel can be forked now; returns at once."""
        process = self._process
        if process is None or process.stdout is None or process.poll() is not None:
            return False
        self._ready = self._ready or process.stdout.readline() == b"ready\n"
        return self._ready

    async def fork(self, order: Mapping[str, Any]) -> Forked | None:
        """Return a new kernel; None where the nursery is not ready, or too old, or gone."""
        if self._process and (self._process.poll() is not None or self._edited != _last_edited()):
            self.close()
            self.start()
        async with self._turn:
            if not self.ready():
                return None
            try:
                return await self._order(order)
            except (OSError, ValueError, psutil.Error, TimeoutError):
                self.close()
                return None

    async def _order(self, order: Mapping[str, Any]) -> Forked | None:
        if not self._process or not self._process.stdin or not self._process.stdout:
            return None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return Forked(int(await _line(self._process.stdout)))

    def close(self) -> None:
        """Order no more: the process ends after the kernels it has."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        self._process = None


async def _line(stream: Any) -> bytes:
    """Return the next line of a pipe that does not block; raise TimeoutError after five seconds."""
    found = b""
    async with asyncio.timeout(REPLY_SECONDS):
        while not found.endswith(b"\n"):
            found += stream.read() or b""
            await asyncio.sleep(0.005)
    return found


class NurseryProvisioner(LocalProvisioner):
    """Has the nursery fork a kernel, where that can be the kernel asked for."""

    nursery: Nursery | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Return the connection of a kernel that runs."""
        order = ordered(cmd, kwargs)
        forked = await self.nursery.fork(order) if self.nursery and order else None
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]  # as much of one as is used
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


def ordered(cmd: Sequence[str], how: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a forked process has to know to be this kernel; None where it cannot be it."""
    program, *words = cmd
    environment = dict(how.get("env") or os.environ)
    same = Path(program).resolve() == Path(sys.executable).resolve() and words[:2] == LAUNCHER
    redirected = any(how.get(name) is not None for name in ("stdin", "stdout", "stderr"))
    if not same or redirected or how.get("independent"):
        return None
    if _fixed(environment) != _fixed(os.environ):
        return None
    place = str(how.get("cwd") or Path.cwd())
    return {"arguments": words[2:], "cwd": place, "environment": environment}


def _fixed(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name.startswith(_FIXED)}


def _last_edited() -> float:
    """Return when the lab's own code was edited last: who has read older code is too old."""
    package = Path(__file__).parents[1]
    return max((path.stat().st_mtime for path in package.rglob("*.py")), default=0.0)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Let a nursery fork this server's kernels."""
    if not hasattr(os, "fork"):
        return
    nursery = Nursery()
    NurseryProvisioner.nursery = nursery
    factory = KernelProvisionerFactory.instance(parent=server)
    found = f"{__name__}:{NurseryProvisioner.__name__}"
    factory.provisioners[NAME] = EntryPoint(NAME, found, factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    later: Callable[[float, Callable[[], None]], object] = server.io_loop.call_later
    later(PAUSE, nursery.start)
