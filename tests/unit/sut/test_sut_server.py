"""A server that sleeps between requests ends when it is told to, and not a tick later."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from sut import server
from sut.server import Server

PATIENCE = 20.0
LONG = 10 * PATIENCE
PROCESS = f"""
import uvicorn
from starlette.responses import PlainTextResponse
from sut import server

class Told(server.Server):
    async def on_tick(self, tenths):
        print("serves", flush=True)
        return await super().on_tick(tenths)

server.TICK_SECONDS = {LONG}
Told(uvicorn.Config(PlainTextResponse("well"), port=0, lifespan="off", log_level="error")).run()
"""


class Telling(Server):
    """Says when it serves."""

    serves = threading.Event()

    async def main_loop(self) -> None:
        self.serves.set()
        await super().main_loop()


def configured() -> uvicorn.Config:
    return uvicorn.Config(PlainTextResponse("well"), port=0, lifespan="off", log_level="error")


def test_it_answers_and_ends_at_once_when_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TICK_SECONDS", LONG)
    one = Telling(configured())
    thread = threading.Thread(target=one.run, daemon=True)
    thread.start()
    assert one.serves.wait(PATIENCE)
    host, port = one.servers[0].sockets[0].getsockname()
    answer = httpx.get(f"http://{host}:{port}/", timeout=PATIENCE, trust_env=False)
    assert (answer.text, "date" in answer.headers) == ("well", True)
    one.end()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_it_ends_at_once_by_a_signal() -> None:
    with subprocess.Popen([sys.executable, "-c", PROCESS], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"serves\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(PATIENCE) == -signal.SIGTERM
        finally:
            process.kill()


def test_one_that_was_told_before_it_serves_does_not_begin_and_may_be_told_again() -> None:
    one = Server(configured())
    for _ in range(2):
        one.end()
        asyncio.run(asyncio.wait_for(one.serve(), PATIENCE))
