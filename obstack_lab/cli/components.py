"""`components`: the supervision tree, and where everything listens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli.output import Json, console, duration, print_json
from obstack_lab.cli.stack import COLOURS, SHAPES, attached
from obstack_lab.orchestrator.control_client import ControlClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstack_lab.orchestrator.component_views import NodeView


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(components)


def components(
    *,
    ports: Annotated[
        bool, typer.Option("--ports", help="Show where each component listens instead.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the supervision tree: state, pid, release, restarts, and what heals itself."""
    with ControlClient(attached(), name="cli") as client:
        tree = client.tree()
    if json:
        print_json(addresses(tree) if ports else tree)
    elif ports:
        _show_ports(addresses(tree))
    else:
        show_tree(tree)


def addresses(tree: NodeView) -> dict[str, str]:
    """Return the address of each component that has one, of each instance of a service."""
    return {
        node.name: node.address
        for _, node in _flat(tree)
        if node.address and not (node.children and node.children[0].name == f"{node.name}-1")
    }


def show_tree(tree: NodeView) -> None:
    """Print a tree, one line a component."""
    from rich.table import Table

    table = Table(box=None)
    for heading in ("component", "state", "release", "pid", "up", "restarts", "when it ends"):
        table.add_column(heading)
    for depth, node in _flat(tree):
        colour = COLOURS.get(node.state, "red")
        running = node.since and node.state != "stopped"
        table.add_row(
            "  " * depth + node.name,
            f"[{colour}]{SHAPES[node.state]} {node.state}[/] {node.detail}",
            node.release,
            str(node.pid or "–"),
            duration(time.time() - node.since) if running else "–",
            str(node.restarts),
            "given up: restart it" if node.given_up else _ending(node),
        )
    console().print(table)


def _ending(node: NodeView) -> str:
    return "" if node.policy.restart == "never" else node.policy.words


def _show_ports(found: dict[str, str]) -> None:
    from rich.table import Table

    table = Table(box=None)
    for heading in ("component", "address"):
        table.add_column(heading)
    for name, address in found.items():
        table.add_row(name, address)
    console().print(table)


def _flat(node: NodeView, depth: int = 0) -> Iterator[tuple[int, NodeView]]:
    yield depth, node
    for child in node.children:
        yield from _flat(child, depth + 1)
