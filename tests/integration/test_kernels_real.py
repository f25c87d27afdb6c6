"""Kernels that a nursery forks: they are like any other, and none outlives what it came from."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from obstack_lab.cli import kernels
from obstack_lab.cli.kernels import NAME, Nursery, NurseryProvisioner

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork"),
]
PATIENCE = 40.0
TOLD = "(lambda os: f'{os.getppid()} {os.getcwd()} {os.environ[\"GIVEN\"]}')(__import__('os'))"
LOADED = "'obstack_lab.magics' in __import__('sys').modules"


async def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it took too long"
        await asyncio.sleep(0.05)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = KernelProvisionerFactory.instance()
    found = f"{kernels.__name__}:{NurseryProvisioner.__name__}"
    monkeypatch.setitem(factory.provisioners, NAME, EntryPoint(NAME, found, factory.GROUP_NAME))
    monkeypatch.setattr(factory, "default_provisioner_name", NAME)


@asynccontextmanager
async def nursery(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[Nursery, subprocess.Popen[bytes]]]:
    """A nursery that can fork, and its process; afterwards it is gone."""
    made = Nursery()
    monkeypatch.setattr(NurseryProvisioner, "nursery", made)
    made.start()
    process = made._process
    assert process is not None
    try:
        await until(made.ready)
        yield made, process
    finally:
        made.close()
        if made._process:
            made._process.kill()
        process.kill()
        await until(lambda: process.poll() is not None)


async def started(folder: Path) -> tuple[AsyncKernelManager, Any]:
    manager = AsyncKernelManager()
    await manager.start_kernel(cwd=str(folder), env={**os.environ, "GIVEN": "this"})
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=PATIENCE)
    return manager, client


async def asked(client: Any, code: str) -> Any:
    """Return what a cell evaluates to, as Python reads it."""
    reply = await client.execute_interactive(
        "", user_expressions={"it": code}, timeout=PATIENCE, output_hook=lambda _: None
    )
    return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]


def test_a_kernel_is_forked_where_and_as_it_was_asked_for(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with nursery(monkeypatch) as (_, mother):
            manager, client = await started(tmp_path)
            told = f"{mother.pid} {tmp_path} this"
            assert await asked(client, TOLD) == repr(told)
            assert await asked(client, LOADED) == "True"
            client.stop_channels()
            pid = manager.provisioner.pid
            await manager.shutdown_kernel()
            await until(lambda: not psutil.pid_exists(pid))

    asyncio.run(play())


def test_a_forked_kernel_is_interrupted_and_restarted(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with nursery(monkeypatch):
            manager, client = await started(tmp_path)
            busy = client.execute("import threading; threading.Event().wait(60)")
            while (await client.get_iopub_msg(timeout=PATIENCE))["msg_type"] != "execute_input":
                pass
            await manager.interrupt_kernel()
            reply = await client.get_shell_msg(timeout=PATIENCE)
            assert reply["parent_header"]["msg_id"] == busy
            assert reply["content"]["ename"] == "KeyboardInterrupt"

            first = manager.provisioner.pid
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=PATIENCE)
            assert manager.provisioner.pid != first
            assert await manager.is_alive()
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
            assert not await manager.is_alive()

    asyncio.run(play())


async def debugged(client: Any, command: str, **arguments: Any) -> Any:
    """Return the body of a debugger's answer; the protocol is the Debug Adapter Protocol."""
    order = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
    client.control_channel.send(client.session.msg("debug_request", order))
    reply = await client.get_control_msg(timeout=PATIENCE)
    assert reply["content"]["success"], reply["content"]
    return reply["content"].get("body")


def test_a_forked_kernel_stops_at_a_breakpoint(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = "first = 1\nsecond = first + 1\n"

    async def play() -> None:
        async with nursery(monkeypatch):
            manager, client = await started(tmp_path)
            await debugged(client, "initialize", adapterID="test", pathFormat="path")
            await debugged(client, "attach")
            assert await asked(client, LOADED) == "True", "it is a forked one"
            place = (await debugged(client, "dumpCell", code=code))["sourcePath"]
            await debugged(
                client, "setBreakpoints", source={"path": place}, breakpoints=[{"line": 2}]
            )
            await debugged(client, "configurationDone")
            client.execute(code)
            event = None
            while event != "stopped":
                message = await client.get_iopub_msg(timeout=PATIENCE)
                event = message["content"].get("event")
            thread = message["content"]["body"]["threadId"]
            frames = (await debugged(client, "stackTrace", threadId=thread))["stackFrames"]
            assert frames[0]["line"] == 2
            await debugged(client, "continue", threadId=thread)
            await client.get_shell_msg(timeout=PATIENCE)
            assert await asked(client, "second") == "2"
            client.stop_channels()
            await manager.shutdown_kernel(now=True)

    asyncio.run(play())


def test_no_kernel_outlives_its_nursery(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with nursery(monkeypatch) as (_, mother):
            manager, client = await started(tmp_path)
            client.stop_channels()
            mother.send_signal(signal.SIGKILL)
            pid = manager.provisioner.pid
            await until(lambda: not psutil.pid_exists(pid))
            await manager.shutdown_kernel(now=True)

    asyncio.run(play())


def test_code_that_was_edited_is_read_anew_and_old_kernels_stay(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with nursery(monkeypatch) as (mother, old):
            manager, client = await started(tmp_path)
            now = time.time()
            monkeypatch.setattr(kernels, "_last_edited", lambda: now)
            other, line = await started(tmp_path)
            assert mother._process is not old, "a nursery with the new code"
            parents = await asked(line, "__import__('os').getppid()")
            assert parents == str(os.getpid()), "the kernel asked for meanwhile is an ordinary one"
            assert await manager.is_alive()
            assert old.poll() is None
            for each, channels in ((manager, client), (other, line)):
                channels.stop_channels()
                await each.shutdown_kernel(now=True)
            await until(lambda: old.poll() is not None)

    asyncio.run(play())
