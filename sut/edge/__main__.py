"""`python -m sut.edge --socket PATH`: the network edge, until the owner of the socket goes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from sut import control
from sut.control import BadCommand
from sut.edge.route import LOOPBACK
from sut.edge.switchboard import Switchboard


async def serve(path: Path, host: str = LOOPBACK) -> None:
    """Answer commands until the first client disconnects or a signal comes."""
    board = Switchboard(host=host)
    ended = asyncio.Event()
    owner: asyncio.StreamWriter | None = None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal owner
        owner = owner or writer
        try:
            with contextlib.suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    writer.write(control.encode(await _answer(board, line)))
                    await writer.drain()
        finally:
            writer.close()
            if owner is writer:
                ended.set()

    listener = control.listen(path)
    server = await asyncio.start_unix_server(talk, sock=listener, limit=control.MAX_LINE)
    try:
        await ended.wait()
    finally:
        server.close()
        await board.close()


async def _answer(board: Switchboard, line: bytes) -> dict[str, object]:
    number: object = None
    try:
        command = control.parse(line)
        number = command.get("id")
        return {"id": number, "ok": True, **await board.carry_out(command)}
    except BadCommand as error:
        return {"id": number, "error": str(error)}


def main(arguments: list[str] | None = None) -> int:
    """Run the edge; 0 when it was asked to end."""
    parser = argparse.ArgumentParser(prog="python -m sut.edge", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    parser.add_argument("--host", default=LOOPBACK, help="address that routes listen on")
    given = parser.parse_args(arguments)
    _take_all_files()
    try:
        _run(serve(given.socket, given.host))
    finally:
        given.socket.unlink(missing_ok=True)
    return 0


def _take_all_files() -> None:
    """Have room for connections that pile up: a network has no file descriptors to run out of."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _run(work: Coroutine[None, None, None]) -> None:
    """Run on uvloop where it is installed: it halves the cost of a proxied byte."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
