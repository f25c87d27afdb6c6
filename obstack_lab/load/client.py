"""How users reach the system: one pooled HTTP client for all of them."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from obstack_lab.load.step import Request

KEEP_ALIVE = 3.0
"""Seconds an idle connection is kept: less than servers do, so that none closes it under us."""


class Unreachable(Exception):
    """No answer at all: refused, reset, or cut off. An outcome, not a mistake."""


class Client:
    """Sends requests without a limit on connections: users do not wait for each other.

    Must be made inside a running event loop.
    """

    def __init__(self, target: str) -> None:
        self._target = target.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # The deadline is the user's patience: see `send`.
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("Accept-Encoding",),
        )

    async def send(
        self, request: Request, *, user: str, traceparent: str, deadline: float
    ) -> tuple[int, bytes]:
        """Return status and body; at `deadline` (the loop's time) the connection is dropped.

        Raises TimeoutError at the deadline, Unreachable where no whole answer came.
        """
        headers = {"User-Agent": f"ObstackUser/{user}", "traceparent": traceparent}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._session.request(
                    request.method,
                    URL(self._target + request.path, encoded=True),
                    data=request.body,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise Unreachable(str(error)) from error

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
