"""Who may come in: loopback Host and Origin, and the lab's token."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_OPEN = {"/openapi.json"}
_PROTOCOL = "obstack."
"""A browser cannot set headers on a WebSocket: it may offer the subprotocol `obstack.TOKEN`."""
_REFUSED = 1008


class Guard:
    """ASGI middleware; also in front of WebSockets."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _REFUSED, "reason": refusal[1]})
        else:
            status, detail = refusal
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
            body = {"detail": detail, "error": "UsageError"}
            await JSONResponse(body, status, headers)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not _by_unix_socket(scope) and _host(f"//{host}") not in _LOOPBACK:
            return 403, f"The Host header '{host}' is not this machine's loopback address."
        origin = headers.get("origin")
        if origin is not None and _host(origin) not in _LOOPBACK:
            return 403, f"The Origin '{origin}' is not this machine's loopback address."
        if scope["path"] in _OPEN:
            return None
        offered = self._offered(scope, headers)
        if offered is None:
            return 401, "The token is missing. It is in the lab's state.json."
        if not hmac.compare_digest(offered.encode(), self._token):
            return 401, "The token is wrong, or that of another lab. Read state.json again."
        return None

    def _offered(self, scope: Scope, headers: Headers) -> str | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            return token.strip()
        if scope["type"] != "websocket":
            return None
        raw: bytes = scope.get("query_string", b"")
        query = parse_qs(raw.decode("latin-1"))
        if query.get("token"):
            return query["token"][0]
        protocols: list[str] = list(scope.get("subprotocols", ()))
        return next((p.removeprefix(_PROTOCOL) for p in protocols if p.startswith(_PROTOCOL)), None)


def _by_unix_socket(scope: Scope) -> bool:
    """Return whether no port was used (ASGI: the server's is None): no browser comes that way."""
    server = scope.get("server")
    return server is not None and server[1] is None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
