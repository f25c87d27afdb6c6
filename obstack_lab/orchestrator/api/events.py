"""`WS /v1/events`: a snapshot a second."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from obstack_lab.orchestrator.api.broadcast import Broadcast


def router(broadcast: Broadcast) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.websocket("/events")
    async def events(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols") or [None]
        await socket.accept(subprotocol=offered[0])
        with broadcast.listen() as queue:
            try:
                while True:
                    await socket.send_text(await queue.get())
            except (WebSocketDisconnect, RuntimeError):
                return

    return routes
