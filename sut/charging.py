"""Payments as its clients see it: authorizations before an order, captures after it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from sut.errors import UpstreamError
from sut.service import Part, Runtime
from sut.settings import OrdersSettings, WorkerSettings
from sut.upstream import Limits, Upstream

AUTHORIZATIONS = "/payments/authorizations"
CAPTURES = "/payments/captures"
CONNECTION_SECONDS = 2.0


@dataclass(frozen=True)
class Charge:
    """An amount that payments holds back for us."""

    authorization_id: str
    amount_cents: int


class Cashier(Protocol):
    """Who takes the money."""

    parts: tuple[Part, ...]
    wanted: bool
    """Whether orders are paid for at all."""

    async def authorize(self, customer_id: int, amount_cents: int) -> Charge:
        """Hold an amount back. Raise UpstreamError where payments does not answer or declines."""


class NoCashier:
    """The shop runs without payments: orders are taken on account."""

    parts: tuple[Part, ...] = ()
    wanted = False

    async def authorize(self, customer_id: int, amount_cents: int) -> Charge:
        """Return an empty charge."""
        del customer_id
        return Charge("", amount_cents)


class PaymentsRefused(UpstreamError):
    """Payments answered with an error; 503 and 504 stay what they are, a quota is 503."""

    def __init__(self, status: int) -> None:
        super().__init__("payments", f"payments answered {status}")
        self.answered = status
        self.status = {429: 503, 503: 503, 504: 504}.get(status, 502)


class Payments:
    """Payments over HTTPS."""

    wanted = True

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._key = key
        self.parts: tuple[Part, ...] = (upstream,)

    async def authorize(self, customer_id: int, amount_cents: int) -> Charge:
        """Hold an amount back."""
        body = {"customer_id": customer_id, "amount_cents": amount_cents}
        answered = await self._post(AUTHORIZATIONS, body, key=uuid.uuid4().hex)
        return Charge(str(answered["authorization_id"]), amount_cents)

    async def capture(self, charge: Charge, *, key: str) -> str:
        """Take what was held back and return the capture's id; once for each key."""
        body = {
            "authorization_id": charge.authorization_id,
            "amount_cents": charge.amount_cents,
        }
        return str((await self._post(CAPTURES, body, key=key))["capture_id"])

    async def _post(self, path: str, body: Mapping[str, object], *, key: str) -> dict[str, Any]:
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "authorization": f"Bearer {self._key}",
        }
        answered = await self._upstream.call(
            "POST", path, route=path, body=orjson.dumps(body), headers=headers
        )
        if answered.status not in {200, 201}:
            raise PaymentsRefused(answered.status)
        found: dict[str, Any] = orjson.loads(answered.body)
        return found


def open_payments(runtime: Runtime[OrdersSettings] | Runtime[WorkerSettings]) -> Payments | None:
    """Return payments where the environment tells of it."""
    environment, config = runtime.environment, runtime.config
    if not environment.payments_url:
        return None

    def limits() -> Limits:
        settings = config.current
        return Limits(
            timeout=settings.payments_timeout,
            connections=settings.payments_max_connections,
            connection_timeout=CONNECTION_SECONDS,
        )

    upstream = Upstream(
        "payments",
        environment.payments_url,
        telemetry=runtime.telemetry,
        limits=limits,
        authority=environment.payments_ca,
    )
    return Payments(upstream, environment.payments_key)
