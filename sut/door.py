"""`python -m sut.door PATH PORT`: a port in front of a unix socket.

By it containers reach the lab's orchestrator, which listens on no port that they could: whoever
comes in gives the lab's token there, as anywhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

_CHUNK = 1 << 16


async def serve(path: str, host: str, port: int) -> None:
    """Join each connection to the socket until SIGTERM."""

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, outer), _pour(inner, writer))

    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server = await asyncio.start_server(join, host, port)
    await over.wait()
    server.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


def main(arguments: list[str]) -> int:
    """Serve on every address of the container."""
    asyncio.run(serve(arguments[0], "0.0.0.0", int(arguments[1])))  # noqa: S104 - in a container
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
