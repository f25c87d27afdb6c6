"""The supervision tree, put together from what the components say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from obstack_lab.engine.interface import Component, ComponentState, Node
from obstack_lab.engine.supervision import Supervisor, in_starting_order

ROOT = "lab"
PARENT = "services"
JOBS = "jobs"
"""No component: what jobs hang from, so that no strategy takes them for siblings of others."""


def tree_of(
    infrastructure: Iterable[Component],
    services: Mapping[str, tuple[Component, Sequence[Component]]],
    jobs: Iterable[Component],
    supervisor: Supervisor,
) -> Node:
    """Return the tree: services hang from their parent process, instances from their service.

    Where services have no parent process they are siblings of what they stand on.
    """
    below = tuple(
        _node(whole, supervisor, tuple(_node(part, supervisor) for part in parts))
        for whole, parts in (services[name] for name in in_starting_order(services))
    )
    found = {component.name: component for component in infrastructure}
    nodes = tuple(
        _node(
            found[name],
            supervisor,
            below
            if name == PARENT
            else tuple(_node(part, supervisor) for part in found[name].children),
        )
        for name in in_starting_order(found)
    )
    if PARENT not in found:
        nodes += below
    nodes += tuple(_node(job, supervisor) for job in jobs)
    ill: list[ComponentState] = [node.state for node in nodes if node.state != "healthy"]
    return Node(name=ROOT, kind="lab", state=ill[0] if ill else "healthy", children=nodes)


def _node(component: Component, supervisor: Supervisor, children: tuple[Node, ...] = ()) -> Node:
    return Node(
        name=component.name,
        kind=component.kind,
        state=component.state,
        pid=component.pid,
        release=component.release,
        address=component.address,
        since=component.since,
        restarts=component.restarts,
        detail=component.detail,
        policy=supervisor.policy(component.name),
        given_up=supervisor.given_up(component.name),
        children=children,
    )
