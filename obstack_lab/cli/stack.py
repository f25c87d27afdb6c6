"""`up`, `down`, `status`, `doctor`, `logs`: the lab as a whole."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli import jupyter
from obstack_lab.cli.output import Json, console, duration, print_json
from obstack_lab.engine.choice import EngineName, choose
from obstack_lab.errors import LabDown, LabError
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from obstack_lab.engine.compose.capability import Capability
    from obstack_lab.orchestrator.views import ComponentView, ProgressView

SHAPES = {"healthy": "✔", "starting": "…", "unhealthy": "✘", "stopped": "–", "failed": "✘"}
_PLACES = {"embedded": "Components run as processes", "compose": "Components run in containers"}
COLOURS = {"healthy": "green", "starting": "yellow", "stopped": "bright_black"}


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (up, down, status, logs):
        app.command()(command)


def attached(home: LabHome | None = None) -> LabState:
    """Return the running lab, or raise LabDown."""
    state = daemon.attach(home or LabHome.find())
    if state is None:
        raise LabDown
    return state


def bring_up(
    home: LabHome,
    *,
    engine: EngineName,
    quiet: bool,
    backends: daemon.Backends | None = None,
    alertmanager: bool = False,
) -> LabState:
    """Start the lab unless it runs, with a line for each component as it comes."""
    daemon.prepare(home)
    choice, chosen = None, ""
    if engine != "embedded" and daemon.attach(home) is None:
        choice = choose(engine, native=backends == "native", pager=alertmanager)
        chosen = f"  {_PLACES[choice.name]}. {choice.why}." if choice.why else ""
        engine = choice.name
    reap_containers(choice.capability if choice else None)
    launch = functools.partial(
        daemon.launch, home, engine=engine, backends=backends, alertmanager=alertmanager
    )
    if quiet:
        return launch()
    screen = console()

    def report(step: ProgressView) -> None:
        nonlocal chosen
        if chosen:
            screen.print(chosen, soft_wrap=True)
            chosen = ""
        if step.state == "ready":
            took = duration(step.seconds) if step.seconds else ""
            screen.print(f"  [green]✔[/] {step.component:<12} {took}")
        elif step.state == "failed":
            screen.print(f"  [red]✘[/] {step.component:<12} {step.detail}")

    with screen.status("Starting the lab"):
        return launch(report=report)


def reap_containers(capability: Capability | None = None) -> tuple[str, ...]:
    """Remove containers of orchestrators that are gone, where an engine answers."""
    from obstack_lab.engine.compose.reap import reap_here

    return reap_here(capability)


def up(
    *,
    engine: Annotated[EngineName, typer.Option(help="Where components run.")] = "auto",
    backends: Annotated[
        daemon.Backends | None,
        typer.Option(
            help="What keeps logs and traces: the lab's own store (built-in, unless you say "
            "otherwise), or the programs loki and tempo of PATH (native)."
        ),
    ] = None,
    alertmanager: Annotated[
        bool,
        typer.Option(
            "--alertmanager",
            help="Also run Alertmanager: it pages you, and Slack or PagerDuty where that is set.",
        ),
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser window.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(help="JupyterLab's port; else 8888 or the next free one.", min=1, max=65535),
    ] = None,
    json: Json = False,
) -> None:
    """Start the lab and JupyterLab, or attach to what runs; print the addresses."""
    began = time.monotonic()
    home = LabHome.find()
    daemon.prepare(home)
    ran_before = jupyter.find(home) is not None
    server = jupyter.launch(home, port=port)
    try:
        state = bring_up(
            home, engine=engine, quiet=json, backends=backends, alertmanager=alertmanager
        )
        server = jupyter.wait(home, server, port=port)
    except (LabError, KeyboardInterrupt):
        if not ran_before:
            jupyter.stop(home)
        raise
    seconds = time.monotonic() - began
    if json:
        print_json(
            {
                "lab_id": state.lab_id,
                "engine": state.engine,
                "backends": state.backends,
                "seconds": round(seconds, 2),
                "notebook": server.notebook(),
                "voila": server.voila(),
                "grafana": _grafana(state) or None,
                "api": f"{state.url}/docs",
            }
        )
        return
    screen = console()
    screen.print(f"The lab is up ({duration(seconds)}). Open one of these:\n")
    screen.print(f"  notebook      {server.notebook()}", soft_wrap=True)
    screen.print(f"  no-code page  {server.voila()}", soft_wrap=True)
    if grafana := _grafana(state):
        screen.print(f"  dashboards    {grafana}", soft_wrap=True)
    screen.print("\nEnd it with `./lab down`.")
    if not no_browser and sys.stdout.isatty() and _has_display():
        webbrowser.open(server.notebook())


def _grafana(state: LabState) -> str:
    """Return Grafana's address, `''` where the lab has none."""
    if state.backends != "native":
        return ""
    with Client(state, name="cli") as client:
        return next((c.address for c in client.components() if c.name == "grafana"), "")


def _has_display() -> bool:
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def down(
    *,
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Also delete the lab's data, records and logs.")
    ] = False,
    json: Json = False,
) -> None:
    """Stop the lab and JupyterLab; no process and no port is left."""
    home = LabHome.find()
    desk = jupyter.stop(home)
    ran = daemon.shutdown(home)
    reap_containers()
    if wipe:
        _wipe(home)
    if json:
        print_json({"stopped": ran, "jupyter_stopped": desk, "wiped": wipe})
    elif ran or desk:
        console().print("The lab is down." + (" Its data is gone." if wipe else ""))
    else:
        console().print("No lab was running." + (" Its data is gone." if wipe else ""))


def _wipe(home: LabHome) -> None:
    from obstack_lab.engine.compose.reap import wipe

    wipe(home)
    for link in home.data.glob("*"):
        if link.is_symlink():  # as root the database lives where its own account can reach it
            shutil.rmtree(link.resolve(), ignore_errors=True)
    for folder in (home.logs, home.data, home.runs, home.private):
        shutil.rmtree(folder, ignore_errors=True)
    for file in home.path.glob("records.sqlite*"):
        file.unlink()


def status(
    *,
    resources: Annotated[
        bool, typer.Option("--resources", help="Also show memory (PSS) and CPU.")
    ] = False,
    json: Json = False,
) -> None:
    """Show every component; exit 1 unless all are healthy."""
    home = LabHome.find()
    with Client(attached(home), name="cli") as client:
        now = client.status()
        components = client.components(resources=resources)
    desk = jupyter.find(home)
    if json:
        print_json(
            {
                **now.model_dump(mode="json", exclude={"components"}),
                "components": components,
                "jupyter": {"url": desk.url, "pid": desk.pid} if desk else None,
            }
        )
    else:
        _show_status(now.lab_id, now.engine, components, resources=resources)
        if desk:
            console().print(f"\nnotebook      {desk.notebook()}", soft_wrap=True)
            console().print(f"no-code page  {desk.voila()}", soft_wrap=True)
    if not now.healthy:
        raise typer.Exit(1)


def _show_status(
    lab_id: str, engine: str, components: tuple[ComponentView, ...], *, resources: bool
) -> None:
    from rich.table import Table

    table = Table(box=None, title=f"lab {lab_id}, {engine} engine", title_justify="left")
    for heading in ("component", "state", "release", "pid", "up", "restarts"):
        table.add_column(heading)
    if resources:
        table.add_column("memory", justify="right")
        table.add_column("CPU", justify="right")
    memory = 0
    for depth, part in _flat(components):
        memory += part.memory or 0
        colour = COLOURS.get(part.state, "red")
        row = [
            "  " * depth + part.name,
            f"[{colour}]{SHAPES[part.state]} {part.state}[/] {part.detail}",
            part.release,
            str(part.pid or "–"),
            duration(time.time() - part.since) if part.since else "–",
            str(part.restarts),
        ]
        if resources:
            row.append("–" if part.memory is None else f"{part.memory / 1e6:.0f} MB")
            row.append("–" if part.cpu_seconds is None else f"{part.cpu_seconds:.1f} s")
        table.add_row(*row)
    console().print(table)
    if resources:
        console().print(f"\nmemory of all components (PSS): {memory / 1e6:.0f} MB")


def _flat(
    components: tuple[ComponentView, ...], depth: int = 0
) -> Iterable[tuple[int, ComponentView]]:
    for part in components:
        yield depth, part
        yield from _flat(part.children, depth + 1)


def logs(
    component: Annotated[str, typer.Argument(help="Which component; all names: `status`.")] = (
        "orchestrator"
    ),
    *,
    lines: Annotated[int, typer.Option("-n", "--lines", help="How many lines.", min=1)] = 100,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines come.")] = False,
    json: Json = False,
) -> None:
    """Show the last lines of a component's log."""
    home = LabHome.find()
    if component in {"orchestrator", "jupyter"}:
        text = _tail(home.logs / f"{component}.log", lines)
    else:
        with Client(attached(home), name="cli") as client:
            text = client.logs(component, lines=lines)
    if json:
        print_json({"component": component, "lines": text.splitlines()})
        return
    typer.echo(text.rstrip("\n"))
    if follow:
        _follow(home.logs / f"{component}.log")


def _tail(path: Path, lines: int) -> str:
    if not path.is_file():
        raise LabDown(f"There is no {path.name} yet. Start a lab with `./lab up`.")
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _follow(path: Path) -> None:
    """Print what is appended to a file until interrupted."""
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, os.SEEK_END)
        while True:
            if line := file.readline():
                typer.echo(line, nl=False)
            else:
                time.sleep(0.2)
