"""`query promql|logql|traceql EXPR`: ask the running lab from the terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli.output import Json, console, print_json
from obstack_lab.cli.stack import attached
from obstack_lab.orchestrator.client import Client
from obstack_lab.scenario.model import parse_duration

if TYPE_CHECKING:
    from pandas import DataFrame

app = typer.Typer(help="Ask for metrics, logs and traces.", no_args_is_help=True)
Expression = Annotated[str, typer.Argument(metavar="EXPR", help="The query.")]
Last = Annotated[str, typer.Option(help='How far back, for example "15m".')]
_ROWS = 50


@app.command()
def promql(expression: Expression, *, last: Last = "15m", json: Json = False) -> None:
    """Ask Prometheus over a stretch of time."""
    from obstack_lab.query import Promql

    start, end = _window(last)
    with Client(attached(), name="cli") as client:
        frame = Promql(client.telemetry_url("prometheus"), client.headers).range(
            expression, start=start, end=end, step=max(1.0, (end - start) / 250)
        )
    _show(frame, json=json)


@app.command()
def logql(expression: Expression, *, last: Last = "15m", json: Json = False) -> None:
    """Ask for log lines, or for a metric made of them."""
    from obstack_lab.query import Logql

    start, end = _window(last)
    with Client(attached(), name="cli") as client:
        frame = Logql(client.telemetry_url("loki"), client.headers).range(
            expression, start=start, end=end
        )
    _show(frame, json=json)


@app.command()
def traceql(expression: Expression, *, last: Last = "15m", json: Json = False) -> None:
    """Search for traces."""
    from obstack_lab.query import Traceql

    start, end = _window(last)
    with Client(attached(), name="cli") as client:
        frame = Traceql(client.telemetry_url("tempo"), client.headers).query(
            expression, start=start, end=end
        )
    _show(frame, json=json)


def _window(last: str) -> tuple[float, float]:
    try:
        seconds = parse_duration(last)
    except ValueError as error:
        raise typer.BadParameter(f"expected {error}", param_hint="--last") from error
    if seconds <= 0:
        raise typer.BadParameter("expected more than no time at all", param_hint="--last")
    now = time.time()
    return now - seconds, now


def _show(frame: DataFrame, *, json: bool) -> None:
    if json:
        rows = (
            frame.assign(time=frame["time"].map(lambda t: t.isoformat())) if len(frame) else frame
        )
        print_json(rows.to_dict(orient="records"))
        return
    from rich.table import Table

    if frame.empty:
        console().print("Nothing found.")
        return
    table = Table(box=None)
    for column in frame.columns:
        table.add_column(str(column))
    for row in frame.tail(_ROWS).itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    console().print(table)
    if len(frame) > _ROWS:
        console().print(f"the last {_ROWS} of {len(frame):,} rows; all of them with --json")


def _cell(value: object) -> str:
    from rich.markup import escape

    return escape(f"{value:.6g}" if isinstance(value, float) else str(value))
