"""The body of what is sent: its encoding undone, its size bounded."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import cramjam
from starlette.requests import Request

from obstack_lab.telemetry.loki.record import Refused

LARGEST = 64 << 20


async def read(request: Request) -> bytes:
    """Return the body as it was before its `Content-Encoding`."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST:
            raise Refused("the body is too large", 413)
        chunks.append(chunk)
    return decoded(b"".join(chunks), request.headers.get("content-encoding", ""))


def decoded(body: bytes, encoding: str) -> bytes:
    """Undo gzip, deflate, zstd, lz4 or snappy; refuse what is not that, or grows too large."""
    if encoding in ("", "identity", "snappy"):
        return body
    if encoding in ("gzip", "deflate"):
        return _inflated(body, 31 if encoding == "gzip" else 15)
    reader: Callable[[bytes], Any] | None = {
        "zstd": cramjam.zstd.decompress, "lz4": cramjam.lz4.decompress,
    }.get(encoding)  # fmt: skip
    if reader is None:
        raise Refused(
            f"unsupported content encoding {encoding}: only gzip, lz4 and zstd are supported"
        )
    try:
        plain = bytes(reader(body))
    except cramjam.DecompressionError as error:
        raise Refused("unexpected EOF") from error
    if len(plain) > LARGEST:
        raise Refused("the body is too large", 413)
    return plain


def _inflated(body: bytes, window: int) -> bytes:
    machine = zlib.decompressobj(window)
    try:
        plain = machine.decompress(body, LARGEST)
    except zlib.error as error:
        raise Refused("gzip: invalid header") from error
    if machine.unconsumed_tail:
        raise Refused("the body is too large", 413)
    if not machine.eof:
        raise Refused("unexpected EOF")
    return plain
