"""The door: from a port, through a unix socket, to whoever has the lab's token."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
import waiting
from starlette.responses import PlainTextResponse

from obstack_lab.engine.embedded.ports import Ports
from obstack_lab.orchestrator.api.security import Guard
from obstack_lab.orchestrator.listener import Listener

pytestmark = pytest.mark.integration
ANSWER = "x" * 300_000
comes = functools.partial(waiting.comes, seconds=20.0, pause=0.05)


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def door(listener: Listener, tmp_path: Path) -> Iterator[str]:
    """The address at which a caller of another host name gets in."""
    path = tmp_path / "door" / "lab.sock"
    listener.open_door(path)
    for each in listener.sockets:
        each.listen()
    guard = Guard(PlainTextResponse(ANSWER), listener.token)
    server = uvicorn.Server(uvicorn.Config(guard, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: server.run(sockets=listener.sockets), daemon=True)
    thread.start()
    port = Ports().of("door")
    process = subprocess.Popen(
        [sys.executable, "-m", "sut.door", str(path), str(port)], env=dict(os.environ)
    )
    address = f"http://127.0.0.1:{port}"
    try:
        assert comes(lambda: answers(address))
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        server.should_exit = True
        thread.join(10)


def answers(address: str) -> bool:
    try:
        return bool(httpx.get(address, timeout=2, trust_env=False).status_code)
    except httpx.TransportError:
        return False


def test_a_container_comes_in_by_any_name_with_the_token(door: str, listener: Listener) -> None:
    headers = {"Host": "door:8000", "Authorization": f"Bearer {listener.token}"}
    answer = httpx.get(door, headers=headers, timeout=10, trust_env=False)
    assert (answer.status_code, answer.text) == (200, ANSWER)
    without = httpx.get(door, headers={"Host": "door:8000"}, timeout=10, trust_env=False)
    assert without.status_code == 401
    by_port = httpx.get(listener.url, headers=headers, timeout=10, trust_env=False)
    assert by_port.status_code == 403, "by the port only this machine's own names are good"


def test_a_path_of_any_length_is_listened_at(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30) / "lab.sock"
    listener.open_door(path)
    assert path.is_socket()
    assert path.stat().st_mode & 0o777 == 0o666
