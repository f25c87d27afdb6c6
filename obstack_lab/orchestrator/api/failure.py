"""How the lab's errors leave through HTTP: a status, a `detail`, and what the client needs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from obstack_lab.errors import (
    ActionError,
    EngineError,
    LabError,
    QueryError,
    Timeout,
    UnknownName,
    UsageError,
    WrongPhase,
)

_STATUS: tuple[tuple[type[LabError], int], ...] = (
    (UnknownName, 404),
    (QueryError, 400),
    (WrongPhase, 409),
    (UsageError, 422),
    (EngineError, 502),
    (Timeout, 504),
)
_DATA = ("kind", "name", "known", "language", "query", "line", "column", "component")
_ACTION = ("action", "parameter")


def install(app: FastAPI) -> None:
    """Let an application answer errors so."""
    app.add_exception_handler(LabError, _lab_error)
    app.add_exception_handler(RequestValidationError, _bad_request)


async def _lab_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    names = _ACTION if isinstance(error, ActionError) else _DATA
    data: dict[str, Any] = {name: getattr(error, name) for name in names if hasattr(error, name)}
    kind = next((k for k, _ in _STATUS if type(error) is k), type(error))
    return JSONResponse(
        {"detail": str(error), "error": kind.__name__, "data": data}, status_code=status
    )


async def _bad_request(_request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else ()
    lines = [
        f"{'.'.join(str(part) for part in p['loc'] if part != 'body') or 'body'}: {p['msg']}"
        for p in problems
    ]
    return JSONResponse({"detail": "; ".join(lines), "error": "UsageError"}, status_code=422)
