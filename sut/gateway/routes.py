"""The shop's public endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from sut.gateway.front import Front


def gateway_routes(front: Front, *, catalogue_headers: Mapping[str, str]) -> APIRouter:
    """Return the public endpoints; all of them are answered by orders."""
    routes = APIRouter()

    @routes.get("/catalogue")
    async def catalogue(request: Request) -> Response:
        return await front.answer(request, "/catalogue", catalogue_headers)

    @routes.get("/products/{product_id}")
    async def product(request: Request, product_id: int) -> Response:  # noqa: ARG001 checked by FastAPI
        return await front.answer(request, "/products/{product_id}")

    @routes.post("/quotes")
    async def quote(request: Request) -> Response:
        return await front.answer(request, "/quotes")

    @routes.post("/orders")
    async def place_order(request: Request) -> Response:
        return await front.answer(request, "/orders")

    @routes.get("/orders/{order_id}")
    async def read_order(request: Request, order_id: int) -> Response:  # noqa: ARG001 as above
        return await front.answer(request, "/orders/{order_id}")

    @routes.get("/reports/daily")
    async def daily_report(request: Request) -> Response:
        return await front.answer(request, "/reports/daily")

    return routes
