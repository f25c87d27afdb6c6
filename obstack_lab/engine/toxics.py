"""Which toxics there are: what the edge itself says of them, in the lab's own words."""

from __future__ import annotations

from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.topology import Route
from obstack_lab.errors import ActionError, UnknownName
from sut.control import BadCommand
from sut.edge import toxic as edge


def need_route(name: str, routes: tuple[Route, ...]) -> Route:
    """Return a route by name. Raise UnknownName where this stack has none."""
    for route in routes:
        if route.name == name:
            return route
    raise UnknownName("route", name, tuple(route.name for route in routes))


def need_toxic(route: Route, toxic: Toxic) -> Toxic:
    """Return a toxic with all its attributes. Raise ActionError where the edge would refuse it."""
    try:
        known = edge.Toxic.read(toxic.type, toxic.stream, toxic.toxicity, toxic.attributes)
        known.need_http(http=route.http)
    except BadCommand as error:
        raise ActionError(
            f"{route.name} cannot take this toxic: {error}.", action="add_toxic"
        ) from error
    return Toxic(known.type, known.stream, known.toxicity, known.attributes)
