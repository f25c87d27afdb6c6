"""Calls to another service: a bounded pool of kept connections, a timeout, spans and metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from sut.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamLost,
    UpstreamTimeout,
    UpstreamUntrusted,
)
from sut.slots import Slots
from sut.telemetry import Telemetry
from sut.tracing import propagator
from sut.trust import Authority

CONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class Limits:
    """How patient a caller is, and how many connections it opens."""

    timeout: float
    connections: int
    connection_timeout: float


@dataclass(frozen=True)
class Answer:
    """What another service answered."""

    status: int
    body: bytes
    content_type: str


class Upstream:
    """Another service, called by name; limits are read anew for each call.

    Where it speaks TLS, `authority` is the file of the certificate authority that is trusted.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        telemetry: Telemetry,
        limits: Callable[[], Limits],
        authority: str = "",
    ) -> None:
        self.name = name
        self._base_url = base_url
        self._telemetry = telemetry
        self._limits = limits
        self._authority = Authority(authority) if authority else None
        self._free = Slots(limits().connections)
        self._session: aiohttp.ClientSession | None = None
        self._active = telemetry.metrics.client_connections.labels(name, "active")
        self._max = telemetry.metrics.client_connection_max.labels(name)

    async def open(self) -> None:
        """Make the client; connections are opened when they are needed."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        await self.apply()

    async def apply(self) -> None:
        """Take over a changed number of connections."""
        connections = self._limits().connections
        self._free.resize(connections)
        self._max.set(connections)

    async def close(self) -> None:
        """Close every connection."""
        if self._session:
            await self._session.close()

    async def ready(self) -> str:
        """Return `''`: a service is ready though its neighbours are not."""
        return ""

    async def call(
        self,
        method: str,
        path: str,
        *,
        route: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 handed on to the client, which keeps to it
        resend: int = 0,
    ) -> Answer:
        """Send one request and return the answer, whatever its status.

        `path` is path and query as sent, `route` its template for the span, `timeout` overrides
        that of the limits, `resend` counts the attempts before. Raise UpstreamBusy,
        UpstreamTimeout or UpstreamLost where there is no answer.
        """
        sent = dict(headers or {})
        status, error_type = "", ""
        started = time.perf_counter()
        with self._telemetry.tracer.start_as_current_span(
            f"{method} {route}",
            kind=SpanKind.CLIENT,
            attributes={
                "http.request.method": method,
                "server.address": self.name,
                "url.full": f"{self._base_url}{path}",
                "url.template": route,
            },
            record_exception=False,
        ) as span:
            if resend:
                span.set_attribute("http.request.resend_count", resend)
            propagator.inject(sent)
            try:
                answer = await self._send(method, path, body, sent, timeout)
            except UpstreamError as error:
                error_type = error.kind
                span.set_attribute("error.type", error_type)
                self._telemetry.log.error(  # noqa: TRY400 our log, a line and no traceback
                    str(error),
                    server_address=self.name,
                    error_type=error_type,
                    waited_ms=round((time.perf_counter() - started) * 1000, 1),
                )
                raise
            else:
                status = str(answer.status)
                _record_status(span, answer.status)
                return answer
            finally:
                self._telemetry.metrics.client_seconds.labels(
                    self.name, method, status, error_type
                ).observe(time.perf_counter() - started)

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: float | None,  # noqa: ASYNC109 as above
    ) -> Answer:
        if self._session is None:
            raise UpstreamLost(self.name, f"the client of {self.name} is closed")
        limits = self._limits()
        try:
            async with asyncio.timeout(limits.connection_timeout):
                await self._free.take()
        except TimeoutError as error:
            message = f"no free connection to {self.name}"
            raise UpstreamBusy(self.name, message) from error
        self._active.inc()
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    limits.timeout if timeout is None else timeout, sock_connect=CONNECT_SECONDS
                ),
                ssl=self._authority.context() if self._authority else True,
            ) as response:
                return Answer(response.status, await response.read(), response.content_type)
        except TimeoutError as error:
            raise UpstreamTimeout(self.name, f"{self.name} did not answer in time") from error
        except aiohttp.ClientSSLError as error:
            message = f"connection to {self.name} failed: {error}"
            raise UpstreamUntrusted(self.name, message) from error
        except (aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise UpstreamLost(self.name, f"connection to {self.name} failed: {reason}") from error
        finally:
            self._active.dec()
            self._free.give_back()


def _record_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        span.set_status(Status(StatusCode.ERROR))
