"""A running service: its application, its parts, its operations endpoints, its server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import orjson
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Lifespan

from sut.access import Access
from sut.config import Config, router
from sut.environment import Environment
from sut.errors import ShopError
from sut.loop import LoopLag
from sut.server import Server
from sut.settings import Settings
from sut.telemetry import Telemetry, start_telemetry

S = TypeVar("S", bound=Settings)
STOP_SECONDS = 1


class Part(Protocol):
    """Something a service opens, reconfigures and closes: a pool, a client."""

    async def open(self) -> None:
        """Get going; slow things go on in the background."""

    async def apply(self) -> None:
        """Take over changed settings."""

    async def ready(self) -> str:
        """Return why requests cannot be served, or `''`."""

    async def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True)
class Runtime(Generic[S]):
    """What the code of a release is given to build its service from."""

    environment: Environment
    telemetry: Telemetry
    config: Config[S]


def start_runtime(environment: Environment, settings: type[S]) -> Runtime[S]:
    """Return settings and telemetry of this process; telemetry's threads run from here on."""
    config = Config.start(settings, environment.settings)
    return Runtime(environment, start_telemetry(environment), config)


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def application(
    runtime: Runtime[Any], routes: APIRouter, parts: Sequence[Part], *, entrance: bool = False
) -> ASGIApp:
    """Return the whole ASGI application of a service; users' traces begin at an entrance."""
    log, config = runtime.telemetry.log, runtime.config
    parts = (LoopLag(runtime.telemetry.metrics.loop_lag), *parts)

    async def apply_log_level() -> None:
        log.set_level(config.current.log_level)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await apply_log_level()
        for part in parts:
            await part.open()
        log.info("started", release=runtime.environment.release)
        yield
        log.info("stopping")
        for part in reversed(parts):
            await part.close()

    config.listen(apply_log_level)
    for part in parts:
        config.listen(part.apply)

    def changed(differing: Mapping[str, tuple[Any, Any]]) -> None:
        for setting, (old, new) in differing.items():
            log.info(
                "setting changed", setting=setting, old=old, new=new, config_version=config.version
            )

    everything = (_operations(runtime, parts), routes, router(config, changed))
    web = web_app(runtime, *everything, lifespan=lifespan)
    return Access(web, runtime.telemetry, entrance=entrance)


def web_app(
    runtime: Runtime[Any], *routes: APIRouter, lifespan: Lifespan[FastAPI] | None = None
) -> FastAPI:
    """Return an application that answers the shop's errors with the status each is meant for."""
    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    for group in routes:
        app.include_router(group)

    @app.exception_handler(ShopError)
    async def refuse(_: Request, error: ShopError) -> Response:
        response = answer({"detail": str(error)}, error.status)
        if error.retry_after is not None:
            response.headers["retry-after"] = str(error.retry_after)
        return response

    @app.exception_handler(Exception)
    async def fail(_: Request, error: Exception) -> Response:
        runtime.telemetry.log.error("unhandled error", error=f"{type(error).__name__}: {error}")
        return answer({"detail": "internal error"}, 500)

    return app


def _operations(runtime: Runtime[Any], parts: Sequence[Part]) -> APIRouter:
    routes = APIRouter()
    who = {"service": runtime.environment.service, "release": runtime.environment.release}

    @routes.get("/healthz")
    async def healthz() -> Response:
        return answer({"status": "alive", **who})

    @routes.get("/readyz")
    async def readyz() -> Response:
        reasons = [reason for part in parts if (reason := await part.ready())]
        if reasons:
            return answer({"status": "not ready", "reasons": reasons, **who}, 503)
        return answer({"status": "ready", **who})

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        body, content_type = runtime.telemetry.metrics.expose(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return routes


def serve(app: ASGIApp, environment: Environment) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight get a second to end."""
    config = uvicorn.Config(
        app,
        host=environment.host,
        port=environment.port,
        lifespan="on",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    Server(config).run()
