"""The live, versioned settings of a service and their HTTP endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import orjson
from fastapi import APIRouter, Request
from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import Response

from sut.errors import CannotStart, InvalidSettings, Refusal
from sut.settings import Settings

S = TypeVar("S", bound=Settings)
Listener = Callable[[], Awaitable[None]]


class Config(Generic[S]):
    """Settings that operators change while the service runs; every change is a new version."""

    def __init__(self, initial: S) -> None:
        self.current = initial
        self.version = 1
        self._listeners: list[Listener] = []

    @classmethod
    def start(cls, model: type[S], text: str = "") -> Config[S]:
        """Return the defaults, changed by the JSON object in `text` where there is one."""
        try:
            return cls(_validate(model, _object(text.encode()) if text else {}))
        except InvalidSettings as error:
            raise CannotStart(f"SERVICE_SETTINGS is refused: {error}") from error

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each change, before the change is answered."""
        self._listeners.append(listener)

    async def change(self, changes: Mapping[str, JsonValue]) -> dict[str, tuple[Any, Any]]:
        """Apply changes; return old and new value of what differs. Raise InvalidSettings."""
        old = self.current.model_dump()
        new = _validate(type(self.current), {**old, **changes})
        differing = {
            key: (old[key], value) for key, value in new.model_dump().items() if old[key] != value
        }
        if differing:
            self.current = new
            self.version += 1
            for listener in self._listeners:
                await listener()
        return differing

    def view(self) -> dict[str, Any]:
        """Return what `/config` answers."""
        return {"version": self.version, "settings": self.current.model_dump()}


def router(
    config: Config[Any], changed: Callable[[Mapping[str, tuple[Any, Any]]], None]
) -> APIRouter:
    """Return `GET /config`, `PATCH /config` and `GET /config/schema`."""
    routes = APIRouter()

    @routes.get("/config")
    async def read() -> Response:
        return _answer(config.view())

    @routes.get("/config/schema")
    async def schema() -> Response:
        return _answer(type(config.current).model_json_schema())

    @routes.patch("/config")
    async def change(request: Request) -> Response:
        try:
            differing = await config.change(_object(await request.body()))
        except InvalidSettings as error:
            errors = [
                {"field": r.field, "message": r.message, "allowed": r.allowed}
                for r in error.refusals
            ]
            return _answer({"detail": str(error), "errors": errors}, status=error.status)
        if differing:
            changed(differing)
        return _answer(config.view())

    return routes


def _answer(body: object, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _object(body: bytes) -> dict[str, JsonValue]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        what = 'a JSON object such as {"log_level": "debug"}'
        raise InvalidSettings((Refusal("body", "this is not an object", what),))
    return value


def _validate(model: type[S], values: Mapping[str, Any]) -> S:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise InvalidSettings(tuple(_refusal(model, p) for p in problems)) from error


def _refusal(model: type[Settings], problem: ErrorDetails) -> Refusal:
    field = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return Refusal(field, "there is no such setting", ", ".join(model.model_fields))
    return Refusal(field, problem["msg"], allowed_range(model, field))


def allowed_range(model: type[Settings], field: str) -> str:
    """Return what a setting may be, in words: `1 to 64`, or the list of choices."""
    schema = model.model_json_schema()["properties"][field]
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return f"{schema['minimum']:.10g} to {schema['maximum']:.10g}"
