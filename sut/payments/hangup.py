"""Connections that last long are closed, so that customers come by the front door again."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sut.window import Clock

KEPT = 1000
"""Connections that are remembered at most before the old ones are forgotten."""


class Hangup:
    """ASGI middleware that ends a connection with the first answer after its time is up."""

    def __init__(
        self, app: ASGIApp, seconds: Callable[[], float], clock: Clock = time.monotonic
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._clock = clock
        self._since: dict[object, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; say `connection: close` where it is the connection's last."""
        if scope["type"] != "http" or not self._is_over(scope.get("client")):
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, send_last)

    def _is_over(self, client: object) -> bool:
        now, seconds = self._clock(), self._seconds()
        if now - self._since.setdefault(client, now) >= seconds:
            del self._since[client]
            return True
        if len(self._since) > KEPT:
            self._since = {who: at for who, at in self._since.items() if now - at < seconds}
        return False
