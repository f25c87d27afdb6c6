"""`python -m obstack_lab.bench.target --port N`: the cheapest HTTP server that can be loaded.

It answers every request with the same bytes, one file or a good daily report, and does nothing
else: what is measured is whoever asks.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

_REPORT = b'{"date":"2026-01-01","categories":[{"category":"tools","orders":7}]}'
_END = b"\r\n\r\n"


class Answerer(asyncio.Protocol):
    """Counts requests in what arrives and writes as many answers; requests have no body."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._rest = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(_END)
        if whole and self._transport is not None:
            self._transport.write(self._answer * len(whole))


def response(body: bytes) -> bytes:
    """Return a whole HTTP answer with this JSON."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + _END + body


async def serve(port: int, body: bytes) -> None:
    """Serve on the loopback until cancelled."""
    answer = response(body)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answerer(answer), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Serve until TERM."""
    line = argparse.ArgumentParser(prog="python -m obstack_lab.bench.target", description=__doc__)
    line.add_argument("--port", type=int, required=True)
    line.add_argument("--body", type=Path, help="answer with this file instead")
    options = line.parse_args()
    body = options.body.read_bytes() if options.body else _REPORT
    asyncio.run(serve(options.port, body))


if __name__ == "__main__":
    main()
