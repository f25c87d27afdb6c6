"""All routes of the network, and the commands that change them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

from sut.control import BadCommand, number, text
from sut.edge.route import LOOPBACK, Route
from sut.edge.toxic import Toxic

Answer = dict[str, object]
Command = Mapping[str, object]


class Switchboard:
    """Opens routes and puts toxics on them; every command can be repeated without harm."""

    def __init__(self, chance: random.Random | None = None, host: str = LOOPBACK) -> None:
        self._host = host
        self._chance = chance or random.Random()  # noqa: S311 chance, not a secret
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
        weights, standing = _upstreams(command), _standing(command)
        paths = _mapping(command, "paths")
        listen = int(number(command, "listen", 0))
        http = command.get("http", False) is True
        route = self._routes.get(name)
        if route is None or route.http != http or listen not in {0, route.listen}:
            route = await self._fresh(name, listen, http=http)
        route.lead(weights, {address: text(paths, address) for address in paths})
        await route.stand(standing)
        return route.view()

    async def _fresh(self, name: str, listen: int, *, http: bool) -> Route:
        """Return a newly opened route, with the toxics of the one of that name that it replaces."""
        before = self._routes.pop(name, None)
        if before:
            await before.close()
        route = Route(name, http=http, chance=self._chance, host=self._host)
        try:
            await route.open(listen)
        except (OSError, OverflowError) as error:
            raise BadCommand(f"port {listen} cannot be opened: {error}") from error
        self._routes[name] = route
        for each, toxic in before.toxics.items() if before else ():
            await route.put(each, toxic)
        return route

    async def _close_route(self, command: Command) -> Answer:
        route = self._routes.pop(text(command, "name"), None)
        if route:
            await route.close()
        return {}

    async def _add_toxic(self, command: Command) -> Answer:
        route = self._find(text(command, "route"))
        toxic = Toxic.read(
            command.get("type"),
            command.get("stream", "downstream"),
            command.get("toxicity", 1.0),
            _mapping(command, "attributes"),
        )
        name = text(command, "name") if "name" in command else f"{toxic.type}_{toxic.stream}"
        await route.put(name, toxic)
        return route.view()

    async def _clear(self, command: Command) -> Answer:
        route = self._find(text(command, "route"))
        for name in [text(command, "name")] if "name" in command else list(route.toxics):
            await route.take(name)
        return route.view()

    async def _list(self, _: Command) -> Answer:
        return {"routes": [route.view() for route in self._routes.values()]}

    def _find(self, name: str) -> Route:
        if name not in self._routes:
            raise BadCommand(f"there is no route '{name}'; known: {', '.join(self._routes)}")
        return self._routes[name]


def _upstreams(command: Command) -> dict[str, float]:
    """Return the share of each address; one without a weight has 1."""
    addresses = command.get("upstreams", [command.get("upstream")])
    if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
        raise BadCommand("'upstreams' must be a list of HOST:PORT")
    weights = _mapping(command, "weights")
    return {address: number(weights, address, 1.0) for address in addresses}


def _is_address(address: object) -> bool:
    host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
    return bool(host) and port.isdecimal()


def _standing(command: Command) -> dict[str, Toxic]:
    """Return the latency, each way, that the route has for good."""
    latency = number(command, "latency_ms", 0)
    if not latency:
        return {}
    attributes = {"latency": latency}
    return {
        f"standing {stream}": Toxic.read("latency", stream, 1.0, attributes)
        for stream in ("upstream", "downstream")
    }


def _mapping(command: Command, key: str) -> Mapping[str, object]:
    value = command.get(key, {})
    if not isinstance(value, dict):
        raise BadCommand(f"'{key}' must be an object")
    return value
