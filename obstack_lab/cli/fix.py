"""`fix`: what the operator does, from the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from obstack_lab.cli.output import Json, console, duration, print_json
from obstack_lab.cli.stack import attached
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.client import CURRENT, Client

if TYPE_CHECKING:
    from obstack_lab.orchestrator.views import ActionResult, ActionView
    from obstack_lab.scenario.model import Scalar


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(fix)


def fix(
    action: Annotated[
        str | None,
        typer.Argument(help="For example set_config, rollback, restart; without: all of them."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="For example service=orders."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Do one thing as the operator of the active run; without an action, list what it may do."""
    params = parsed(parameters, of=action or "fix")
    with Client(attached(), name="cli") as client:
        if action is None:
            forms = client.toolkit()
            print_json(forms) if json else _list(forms)
            return
        done = client.act(action, CURRENT, **params)
    if json:
        print_json(done)
    else:
        _tell(done)
    if not done.ok:
        raise typer.Exit(1)


def parsed(texts: list[str] | None, *, of: str) -> dict[str, Scalar]:
    """Return `KEY=VALUE` arguments as parameters; raise ActionError for what is none."""
    params: dict[str, Scalar] = {}
    for text in texts or []:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise ActionError(f"'{text}' is not KEY=VALUE. Example: service=orders", action=of)
        params[key] = _scalar(value)
    return params


def _scalar(text: str) -> Scalar:
    """Return a number or a boolean where the text is one in YAML; the text itself otherwise."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, bool | int | float) else text


def _tell(done: ActionResult) -> None:
    change = f"{done.before} → {done.after}" if done.before or done.after else ""
    told = done.result if not change or change in done.result else f"{done.result} ({change})"
    console().print(f"{told} [bright_black]{duration(done.seconds)}[/]")


def _list(forms: tuple[ActionView, ...]) -> None:
    from rich.table import Table

    table = Table(box=None)
    for heading in ("action", "of", "parameters", "what it does"):
        table.add_column(heading)
    for form in forms:
        parameters = " ".join(parameter.name for parameter in form.parameters)
        table.add_row(form.action, form.service, parameters, form.description)
    console().print(table)
