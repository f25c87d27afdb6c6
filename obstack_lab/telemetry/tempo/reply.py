"""Answers in Tempo's form."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response


def json_reply(document: Any) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(document), media_type="application/json")


def refusal(text: str, status: int) -> Response:
    """Return an error as the plain text that Go's http.Error writes."""
    return Response(
        text,
        status_code=status,
        headers={
            "content-type": "text/plain; charset=utf-8",
            "x-content-type-options": "nosniff",
        },
    )
