"""`bench`: measure what the budgets promise."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.bench import registry
from obstack_lab.cli.output import Json, print_json
from obstack_lab.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from obstack_lab.bench.machine import Machine
    from obstack_lab.bench.session import Session
    from obstack_lab.bench.setting import Measured


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which benchmarks; all without one: {', '.join(registry.NAMES)}."),
    ] = None,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page docs/budgets.md.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer repetitions and less data; not to publish.")
    ] = False,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="Tell also what an earlier run with --json has measured; may be given again. "
            "Without names nothing is measured anew.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure start, memory, reaction, load and queries; exit 1 when a budget is missed."""
    from obstack_lab.bench.session import read, together

    if json and markdown:
        raise UsageError("Ask for --json or for --markdown, not for both.")
    sessions = [read(path) for path in earlier or ()]
    wanted = registry.chosen(tuple(names or ()))
    if names or not sessions:
        sessions.append(_measure(wanted, quick=quick))
    session = together(sessions, registry.NAMES)
    _show(session, json=json, markdown=markdown)
    if not session.held:
        raise typer.Exit(1)


def _measure(wanted: tuple[str, ...], *, quick: bool) -> Session:
    from obstack_lab.bench.machine import this_machine
    from obstack_lab.bench.session import play

    # Whoever ends us by TERM wants labs and stores of ours to end, too: unwind as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine = this_machine()
    screen = _screen()
    _introduce(screen, machine)
    with screen.status("") as status:

        def tell(name: str, text: str) -> None:
            status.update(f"{name} ({wanted.index(name) + 1} of {len(wanted)}): {text}")
            if not screen.is_terminal:
                screen.print(f"{name}: {text}", markup=False)

        return play(
            wanted,
            machine,
            quick=quick,
            find=registry.benchmark,
            tell=tell,
            done=lambda name, result: _report(screen, name, result),
        )


def _screen() -> Console:
    """Return a console on stderr: stdout is for the result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _introduce(screen: Console, machine: Machine) -> None:
    screen.print(machine.describe(), markup=False)
    if machine.busy:
        screen.print("[yellow]Others use this machine: the times will say little.[/]")


def _report(screen: Console, name: str, result: Measured | str) -> None:
    from obstack_lab.bench.markdown import quantity

    if isinstance(result, str):
        screen.print(f"[red]✘[/] {name}: ", end="")
        screen.print(result, markup=False)
        return
    for figure in result.figures.values():
        sign = {True: "[green]✔[/]", False: "[red]✘[/]", None: "·"}[figure.met]
        screen.print(f"{sign} ", end="")
        screen.print(f"{figure.title}: {quantity(figure.value, figure.unit)}", markup=False)
    for note in result.notes:
        screen.print(f"  {note}", markup=False)


def _show(session: Session, *, json: bool, markdown: bool) -> None:
    from obstack_lab.bench.markdown import page, quantity

    if json:
        print_json(session)
    elif markdown:
        sys.stdout.write(page(session))
    else:
        for name in session.missed:
            figure = session.figures[name]
            sys.stdout.write(
                f"missed: {figure.title}: {quantity(figure.value, figure.unit)}, "
                f"{figure.bound} {quantity(figure.budget, figure.unit)}\n"
            )
        for name, why in session.failures.items():
            sys.stdout.write(f"not measured: {name}: {why}\n")
        if session.held:
            sys.stdout.write("Every budget was kept.\n")
