"""Who may come in: token, Host, Origin; over HTTP and over WebSockets."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from orchestrator_stage import TOKEN, InProcess, Lab
from starlette.types import ASGIApp

from obstack_lab.errors import UsageError
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.state import LabState

GOOD = {"host": "127.0.0.1:1", "authorization": f"Bearer {TOKEN}"}


def ask(app: ASGIApp, headers: dict[str, str], path: str = "/v1/status") -> httpx.Response:
    with httpx.Client(transport=InProcess(app), base_url="http://127.0.0.1:1") as http:
        return http.get(path, headers=headers)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost:9", "localhost", "[::1]:7"])
def test_loopback_names_with_the_token_are_let_in(app: ASGIApp, host: str) -> None:
    assert ask(app, GOOD | {"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"authorization": ""}, 401, "missing"),
        ({"authorization": "Bearer "}, 401, "missing"),
        ({"authorization": f"Basic {TOKEN}"}, 401, "missing"),
        ({"authorization": "Bearer wrong"}, 401, "another lab"),
        ({"authorization": f"Bearer {TOKEN}x"}, 401, "another lab"),
        ({"host": "evil.example"}, 403, "Host"),
        ({"host": "127.0.0.1.evil.example"}, 403, "Host"),
        ({"host": ""}, 403, "Host"),
        ({"origin": "http://evil.example"}, 403, "Origin"),
        ({"origin": "null"}, 403, "Origin"),
    ],
)
def test_others_are_not_and_hear_why(
    app: ASGIApp, headers: dict[str, str], status: int, word: str
) -> None:
    answer = ask(app, GOOD | headers)
    assert answer.status_code == status
    assert word in answer.json()["detail"]


def test_a_page_of_this_machine_may_ask(app: ASGIApp) -> None:
    assert ask(app, GOOD | {"origin": "http://localhost:8888"}).status_code == 200


def test_a_token_in_the_address_opens_no_http(app: ASGIApp) -> None:
    headers = {"host": "127.0.0.1:1"}
    assert ask(app, headers, f"/v1/status?token={TOKEN}").status_code == 401


def test_openapi_is_served_and_names_every_endpoint(app: ASGIApp) -> None:
    paths = ask(app, {"host": "127.0.0.1:1"}, "/openapi.json").json()["paths"]
    assert {
        "/v1/runs/{run}/alerts/{alert}/acknowledge",
        "/v1/runs/{run}/hints/next",
        "/v1/components/{name}/config",
        "/v1/telemetry/{backend}/{path}",
        "/v1/sql",
    } <= set(paths)


def connect(app: ASGIApp, *, query: str = "", **headers: str) -> list[dict[str, Any]]:
    """Open the event stream and leave after the first snapshot; return what was sent."""
    sent: list[dict[str, Any]] = []
    all_headers = {"host": "localhost", **headers}
    protocols = [all_headers.pop("protocol")] if "protocol" in all_headers else []

    async def visit() -> None:
        done = asyncio.Event()
        incoming = [{"type": "websocket.connect"}]

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await done.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message["type"] == "websocket.send":
                raise RuntimeError("the visitor has left")

        scope = {
            "type": "websocket",
            "path": "/v1/events",
            "raw_path": b"/v1/events",
            "query_string": query.encode(),
            "headers": [
                (n.encode(), v.encode()) for n, v in {"host": "localhost", **headers}.items()
            ],
            "subprotocols": protocols,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)  # type: ignore[arg-type]  # plain dicts, as servers send

    asyncio.run(asyncio.wait_for(visit(), 5))
    return sent


@pytest.mark.parametrize(
    "key",
    [
        {"authorization": f"Bearer {TOKEN}"},
        {"query": f"token={TOKEN}"},
        {"protocol": f"obstack.{TOKEN}"},
    ],
)
def test_a_socket_is_opened_by_header_query_or_subprotocol(
    app: ASGIApp, lab: Lab, key: dict[str, str]
) -> None:
    lab.broadcast.publish(lab.orchestrator.snapshot().model_dump_json())
    accepted, first = connect(app, **key)
    assert accepted["type"] == "websocket.accept"
    assert accepted.get("subprotocol") == key.get("protocol")
    assert Snapshot.model_validate_json(first["text"]).status.healthy


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"query": "token=wrong"},
        {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"},
        {"authorization": f"Bearer {TOKEN}", "host": "evil.example"},
    ],
)
def test_a_socket_stays_closed_for_others(app: ASGIApp, key: dict[str, str]) -> None:
    (closed,) = connect(app, **key)
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


def test_the_client_says_whose_token_it_is(app: ASGIApp) -> None:
    state = LabState(
        lab_id="x",
        pid=1,
        pid_started=0,
        url="http://127.0.0.1:1",
        token="stale",
        engine="memory",
        started_at=0,
    )
    client = Client(state, transport=InProcess(app))
    with pytest.raises(UsageError, match="another lab"):
        client.status()
