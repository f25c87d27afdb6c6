"""`sandbox`: the whole system, in which nothing happens by itself, to break by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from obstack_lab.cli.fix import parsed
from obstack_lab.cli.output import Json, console, finite, print_json
from obstack_lab.cli.stack import attached, bring_up
from obstack_lab.engine.choice import EngineName
from obstack_lab.errors import UnknownName, WrongPhase
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome

if TYPE_CHECKING:
    from obstack_lab.orchestrator.views import RunView

_SANDBOX = "sandbox"
app = typer.Typer(
    help="Break the system by hand: open the sandbox, inject, clear, load.",
    invoke_without_command=True,
)
Pattern = Literal["steady", "ramp", "spike", "sine"]


@app.callback()
def sandbox(
    context: typer.Context,
    *,
    engine: Annotated[EngineName, typer.Option(help="Where components run.")] = "auto",
    json: Json = False,
) -> None:
    """Open the sandbox, or go on with it: users come and nothing happens by itself."""
    if context.invoked_subcommand is not None:
        return
    state = bring_up(LabHome.find(), engine=engine, quiet=json)
    with Client(state, name="cli") as client:
        run = _open(client)
    if json:
        print_json(run)
        return
    screen = console()
    screen.print(f"The sandbox is open: run {run.id}. Users come.\n")
    screen.print("  what can be set in   ./lab faults list")
    screen.print("  set a fault in       ./lab sandbox inject FAULT", markup=False)
    screen.print("  take it back         ./lab sandbox clear")
    screen.print("  other users          ./lab sandbox load --rate 60")
    screen.print("  act as an operator   ./lab fix ACTION KEY=VALUE", markup=False)
    screen.print("  end it               ./lab finish")


def _open(client: Client) -> RunView:
    try:
        run = client.run()
    except UnknownName:
        return client.create_run(_SANDBOX)
    if run.phase == "ended":
        return client.create_run(_SANDBOX)
    if run.scenario != _SANDBOX:
        raise WrongPhase(f"'{run.scenario}' is being played. Finish it first: `./lab finish`.")
    return run


@app.command()
def inject(
    fault: Annotated[str, typer.Argument(help="Id of a fault: `./lab faults list`.")],
    parameters: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="In place of the catalogue's."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Set a fault into the sandbox."""
    with Client(attached(), name="cli") as client:
        done = client.inject(fault, **parsed(parameters, of="inject"))
    if json:
        print_json(done)
    else:
        console().print(f"{done.id} is set in: {done.title}", markup=False)


@app.command()
def clear(
    fault: Annotated[str | None, typer.Argument(help="Id of a fault; else all of them.")] = None,
    *,
    json: Json = False,
) -> None:
    """Take a fault back, or all of them."""
    with Client(attached(), name="cli") as client:
        back = client.clear(fault)
    if json:
        print_json(back)
    else:
        names = ", ".join(each.id for each in back)
        console().print(f"Taken back: {names}." if back else "Nothing was set in.")


@app.command()
def load(
    *,
    rate: Annotated[
        float, typer.Option(help="Requests a second.", min=0.1, max=1000, callback=finite)
    ],
    pattern: Annotated[Pattern, typer.Option(help="How the rate moves.")] = "steady",
    period: Annotated[str, typer.Option(help="One wave, ramp or spike.")] = "60s",
    mix: Annotated[
        list[str] | None, typer.Option(help="Weight of a journey: buy=3; several times.")
    ] = None,
    json: Json = False,
) -> None:
    """Let other users come to the sandbox from now on."""
    weights = parsed(mix, of="load")
    with Client(attached(), name="cli") as client:
        now = client.load(rate=rate, pattern=pattern, period=period, mix=weights)
    if json:
        print_json(now)
    else:
        console().print(f"Users come: {now.words}.", markup=False)
