"""The door that customers use: a second port, with TLS; its certificate may change meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from sut.errors import CannotStart
from sut.payments.hangup import Hangup
from sut.payments.vault import Vault
from sut.server import Server
from sut.service import STOP_SECONDS
from sut.telemetry import Telemetry

LOOK_SECONDS = 1.0
BACKLOG = 256
CLOSE_SECONDS = 2.0


class _Server(Server):
    """A server beside the main one, which alone listens to signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the main server."""
        yield


class TlsDoor:
    """Serves an application by TLS; a part of the service.

    A certificate that takes the place of the old one is used from the next connection on.
    """

    def __init__(
        self,
        app: ASGIApp,
        vault: Vault,
        address: tuple[str, int],
        *,
        telemetry: Telemetry,
        connection_seconds: Callable[[], float],
    ) -> None:
        self._vault = vault
        self._address = address
        self._telemetry = telemetry
        self._app = Hangup(app, connection_seconds)
        self._loaded = 0
        self.expires = 0.0
        """When the certificate in use expires, in seconds since 1970."""
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Listen. Raise CannotStart where the port or the certificate cannot be used."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(self._address)
            listener.listen(BACKLOG)
            config = uvicorn.Config(
                self._app,
                lifespan="off",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=STOP_SECONDS,
                ssl_certfile=self._vault.certificate,
            )
            self._loaded = self._changed()
            config.load()
        except OSError as error:
            listener.close()
            raise CannotStart(f"payments cannot open its TLS port: {error}") from error
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]), name="tls-door")
        self._note()
        self._wind()

    async def apply(self) -> None:
        """Take over nothing: settings are read where they are used."""

    async def ready(self) -> str:
        """Return why customers are not served, or `''`."""
        served = self._serving and not self._serving.done()
        return "" if served else "the TLS port is closed"

    async def close(self) -> None:
        """Stop listening and let requests in flight end."""
        if self._timer:
            self._timer.cancel()
        if self._server and self._serving:
            self._server.end()
            await asyncio.wait({self._serving}, timeout=CLOSE_SECONDS)

    def look(self) -> None:
        """Load the certificate again where its file has changed."""
        changed = self._changed()
        context = self._server.config.ssl if self._server else None
        if context is None or changed == self._loaded:
            return
        self._loaded = changed
        try:
            context.load_cert_chain(self._vault.certificate)
        except (OSError, ssl.SSLError) as error:
            self._telemetry.log.error(  # noqa: TRY400 our log, a line and no traceback
                "certificate cannot be used", error=str(error)
            )
        else:
            self._telemetry.log.info("certificate loaded")
            self._note()

    def _note(self) -> None:
        self.expires = self._vault.expires()

    def _wind(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._tick)

    def _tick(self) -> None:
        self.look()
        self._wind()

    def _changed(self) -> int:
        try:
            return self._vault.certificate.stat().st_mtime_ns
        except FileNotFoundError:
            return self._loaded
