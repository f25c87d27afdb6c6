"""`data`: the shop's data, put back, kept under a name, replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli.output import Json, console, print_json
from obstack_lab.cli.stack import attached
from obstack_lab.orchestrator.client import Client

if TYPE_CHECKING:
    from obstack_lab.orchestrator.views import DataView

app = typer.Typer(help="The shop's data: reset, snapshot, restore, load.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Small letters, digits and dashes.")]


@app.command("list")
def list_snapshots(*, json: Json = False) -> None:
    """List the copies of the data there are."""
    with _client() as client:
        _tell(client.data(), "", json=json)


@app.command()
def reset(*, json: Json = False) -> None:
    """Make the data what it was when the standard data set had been loaded."""
    with _client() as client:
        _tell(client.reset_data(), "The data is the standard data set.", json=json)


@app.command()
def snapshot(name: Name, *, json: Json = False) -> None:
    """Keep a copy of the data under a name, in place of an earlier one of that name."""
    with _client() as client:
        _tell(client.snapshot_data(name), f"Kept as '{name}'.", json=json)


@app.command()
def restore(name: Name, *, json: Json = False) -> None:
    """Put a copy in the place of the data."""
    with _client() as client:
        _tell(client.restore_data(name), f"The data is that of '{name}'.", json=json)


@app.command()
def forget(name: Name, *, json: Json = False) -> None:
    """Drop a copy."""
    with _client() as client:
        _tell(client.forget_data(name), f"'{name}' is gone.", json=json)


@app.command()
def load(
    source: Annotated[Path, typer.Argument(help="A .sql file, or a folder of such, in order.")],
    *,
    json: Json = False,
) -> None:
    """Put a data set in the place of the data: all of it or nothing."""
    with _client() as client:
        _tell(client.load_data(source.absolute()), f"Loaded {source}.", json=json)


def _client() -> Client:
    return Client(attached(), name="cli")


def _tell(view: DataView, done: str, *, json: bool) -> None:
    if json:
        print_json(view)
        return
    if done:
        console().print(done, markup=False)
    console().print(f"Snapshots: {', '.join(view.snapshots) or 'none'}.", markup=False)
