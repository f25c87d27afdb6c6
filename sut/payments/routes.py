"""What payments offers its customers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from sut.errors import Forbidden
from sut.payments.memory import Memory
from sut.payments.quota import Quota
from sut.payments.teller import Teller
from sut.service import answer

Key = Annotated[str, Header(alias="idempotency-key", max_length=200)]


class Amount(BaseModel):
    """The body of `POST /payments/authorizations`."""

    model_config = ConfigDict(frozen=True)

    customer_id: int = Field(ge=1)
    amount_cents: int = Field(ge=1, le=10**9)


class Taking(BaseModel):
    """The body of `POST /payments/captures`."""

    model_config = ConfigDict(frozen=True)

    authorization_id: str = Field(max_length=200)
    amount_cents: int = Field(ge=1, le=10**9)


def payments_routes(teller: Teller, memory: Memory, quota: Quota, keys: str) -> APIRouter:
    """Return the endpoints; `keys` are the valid API keys, separated by commas."""
    routes = APIRouter(dependencies=[Depends(_let_in(keys)), Depends(_count(quota))])

    @routes.post("/payments/authorizations")
    async def authorize(amount: Amount, key: Key = "") -> Response:
        made = await memory.once(
            key,
            amount.model_dump_json(),
            lambda: teller.authorize(amount.customer_id, amount.amount_cents),
        )
        return answer(
            {
                "authorization_id": made.authorization_id,
                "status": "authorized",
                "amount_cents": made.amount_cents,
            },
            201,
        )

    @routes.post("/payments/captures")
    async def capture(taking: Taking, key: Key = "") -> Response:
        made = await memory.once(
            key,
            taking.model_dump_json(),
            lambda: teller.capture(taking.authorization_id, taking.amount_cents),
        )
        return answer(
            {
                "capture_id": made.capture_id,
                "authorization_id": made.authorization_id,
                "status": "captured",
                "amount_cents": made.amount_cents,
            },
            201,
        )

    return routes


def _let_in(keys: str) -> Callable[[Request], Awaitable[None]]:
    valid = [key.strip().encode() for key in keys.split(",") if key.strip()]

    async def let_in(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        known = [hmac.compare_digest(given.encode(), key) for key in valid]
        if scheme.lower() != "bearer" or not any(known):
            raise Forbidden("The API key is not valid.")

    return let_in


def _count(quota: Quota) -> Callable[[], Awaitable[None]]:
    async def count() -> None:
        quota.spend()

    return count
