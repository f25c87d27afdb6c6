"""The commands of `obstack-lab` and what happens to their errors."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from obstack_lab.cli import (
    bench,
    component,
    components,
    data,
    doctor,
    faults,
    fix,
    incident,
    query,
    sandbox,
    scenarios,
    stack,
)
from obstack_lab.cli.output import fail, refused_by_system, wrong_use
from obstack_lab.errors import LabError, UsageError

app = typer.Typer(
    name="obstack-lab",
    help="Learning by doing: diagnose failures, apply fixes, validate results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (stack, components, doctor, incident, fix, bench):
    room.register(app)
app.add_typer(component.app, name="component")
app.add_typer(scenarios.app, name="scenarios")
app.add_typer(faults.app, name="faults")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(data.app, name="data")
app.add_typer(query.app, name="query")


def _version(value: bool) -> None:  # noqa: FBT001  (Typer calls it so)
    if value:
        from importlib.metadata import version

        typer.echo(version("obstack-lab"))
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Learning by doing: diagnose failures, apply fixes, validate results."""


def _end(number: int, _frame: object) -> NoReturn:
    """Leave as after Ctrl-C, so that what a command started is stopped."""
    sys.exit(128 + number)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; an error of the lab is one line on stderr with the next step.

    Exit codes: 0 done, 1 it did not hold, 2 wrong use.
    """
    if arguments is None:
        signal.signal(signal.SIGTERM, _end)
    try:
        code = app(arguments, prog_name="./lab", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        wrong_use(error)
        sys.exit(2)
    except UsageError as error:
        fail(error)
        sys.exit(2)
    except LabError as error:
        fail(error)
        sys.exit(1)
    except OSError as error:
        fail(refused_by_system(error))
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
