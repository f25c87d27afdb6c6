"""All routes of the network, and the commands that change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import cast, get_args

from sut.control import BadCommand, number, text
from sut.edge.route import Route
from sut.edge.toxic import Direction, Latency

Answer = dict[str, object]
Command = Mapping[str, object]


class Switchboard:
    """Opens routes and puts toxics on them; every command can be repeated without harm."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}
        self._commands: dict[str, Callable[[Command], Awaitable[Answer]]] = {
            "route": self._open_route,
            "unroute": self._close_route,
            "toxic": self._add_toxic,
            "clear": self._clear,
            "routes": self._list,
        }

    async def carry_out(self, command: Command) -> Answer:
        """Carry out one command. Raise BadCommand where it cannot be."""
        operation = self._commands.get(text(command, "op"))
        if operation is None:
            raise BadCommand(f"'op' must be one of {', '.join(self._commands)}")
        return await operation(command)

    async def close(self) -> None:
        """Close every route."""
        for route in self._routes.values():
            await route.close()
        self._routes.clear()

    async def _open_route(self, command: Command) -> Answer:
        name = text(command, "name")
        host, _, port = text(command, "upstream").rpartition(":")
        if not host or not port.isdecimal():
            raise BadCommand("'upstream' must be HOST:PORT")
        listen = int(number(command, "listen", 0))
        standing = _latency(command) if "latency_ms" in command else None
        route = self._routes.get(name)
        if route and listen in {0, route.listen}:
            route.host, route.port = host, int(port)
            route.standing = standing or route.standing
            return route.view()
        fresh = Route(name, host, int(port), standing)
        if route:
            fresh.toxics = route.toxics
            await route.close()
        try:
            await fresh.open(listen)
        except (OSError, OverflowError) as error:
            raise BadCommand(f"port {listen} cannot be opened: {error}") from error
        self._routes[name] = fresh
        return fresh.view()

    async def _close_route(self, command: Command) -> Answer:
        route = self._find(text(command, "name"))
        del self._routes[route.name]
        await route.close()
        return {}

    async def _add_toxic(self, command: Command) -> Answer:
        route = self._find(text(command, "route"))
        kind = text(command, "toxic")
        if kind != "latency":
            raise BadCommand(f"there is no toxic '{kind}'; known: latency")
        name = text(command, "name") if "name" in command else kind
        route.toxics[name] = _latency(command)
        return route.view()

    async def _clear(self, command: Command) -> Answer:
        route = self._find(text(command, "route"))
        if "name" in command:
            route.toxics.pop(text(command, "name"), None)
        else:
            route.toxics.clear()
        return route.view()

    async def _list(self, _: Command) -> Answer:
        return {"routes": [route.view() for route in self._routes.values()]}

    def _find(self, name: str) -> Route:
        if name not in self._routes:
            raise BadCommand(f"there is no route '{name}'; known: {', '.join(self._routes)}")
        return self._routes[name]


def _latency(command: Command) -> Latency:
    direction = command.get("direction", "both")
    if direction not in get_args(Direction):
        raise BadCommand(f"'direction' must be one of {', '.join(get_args(Direction))}")
    return Latency(
        number(command, "latency_ms") / 1000,
        number(command, "jitter_ms", 0) / 1000,
        cast("Direction", direction),
    )
