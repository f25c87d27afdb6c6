"""The operators' way to empty the caches of a service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from sut.cache import Cache
from sut.service import answer
from sut.telemetry import Telemetry


def purge_routes(*caches: Cache[Any], telemetry: Telemetry) -> APIRouter:
    """Return `DELETE /cache`: empties every cache and tells how many entries each had."""
    routes = APIRouter()

    @routes.delete("/cache")
    async def purge() -> Response:
        purged = {cache.name: cache.purge() for cache in caches}
        telemetry.log.info("cache purged", entries=sum(purged.values()))
        return answer({"purged": purged})

    return routes
