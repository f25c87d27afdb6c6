"""`run`, `finish`, `review`: an incident in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from obstack_lab.certify.play import Played, Script, play, well
from obstack_lab.cli.live import LiveView, PlainView
from obstack_lab.cli.output import Json, console, duration, finite, percent, print_json
from obstack_lab.cli.stack import attached, bring_up
from obstack_lab.engine.choice import EngineName
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import CURRENT, Client
from obstack_lab.settings import LabHome

if TYPE_CHECKING:
    from obstack_lab.orchestrator.views import RunView
    from obstack_lab.scenario.model import Scenario, Solution


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (run, finish, review):
        app.command()(command)


def run(
    scenario: Annotated[str, typer.Argument(help="Id of the scenario: `scenarios list`.")],
    *,
    solve: Annotated[
        str | None,
        typer.Option(help="Apply this solution: `reference` or the name of an alternative."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed for users and faults.")] = None,
    speed: Annotated[
        float,
        typer.Option(
            help="Shorten waiting by this factor; never the physics.", min=0.1, callback=finite
        ),
    ] = 1.0,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Give up after this; else the scenario's minutes.", min=0.1, callback=finite
        ),
    ] = None,
    engine: Annotated[EngineName, typer.Option(help="Where components run.")] = "auto",
    json: Json = False,
) -> None:
    """Play an incident in the terminal; exit 0 when the users are well again.

    Without --solve, act from another terminal with `./lab fix`; nobody acting, it exits 1 at its
    time gate. A lab that was not running is started, and stopped at the end.
    """
    from obstack_lab.scenario.library import library

    incident = library().get(scenario).scenario
    solution = _solution(incident, solve)
    home = LabHome.find()
    ours = daemon.attach(home) is None
    state = bring_up(home, engine=engine, quiet=json)
    script = Script(
        scenario=scenario,
        gate=(minutes or incident.minutes) * 60,
        steps=solution.steps if solution else (),
        until=_until(solution),
        seed=seed,
        speed=speed,
    )
    try:
        view = LiveView() if sys.stdout.isatty() else PlainView()
        with Client(state, name="cli") as client:
            if json:
                played = play(client, script)
            else:
                with view:
                    played = play(client, script, watch=view.show)
            held = played.early and well(played.last)
            judged = client.review(played.run.id)
    finally:
        if ours:
            daemon.shutdown(home)
    if json:
        print_json(_figures(played, judged, held=held))
    else:
        _summary(played, judged, held=held)
    if not held:
        raise typer.Exit(1)


def _solution(scenario: Scenario, name: str | None) -> Solution | None:
    if name is None:
        return None
    known = {"reference": scenario.solutions.reference, **scenario.solutions.alternatives}
    if name not in known:
        raise UnknownName("solution", name, tuple(known))
    return known[name]


def _until(solution: Solution | None) -> Any:
    """Return when the play is over: the cause gone, or the users well where no more is meant."""
    wanted = {"resolved"} if solution and solution.resolves else {"mitigated", "resolved"}
    return lambda run: run.phase in wanted


def _figures(played: Played, judged: dict[str, Any], *, held: bool) -> dict[str, Any]:
    run: RunView = played.run
    return {
        "run": run.id,
        "scenario": run.scenario,
        "seed": run.seed,
        "held": held,
        "outcome": judged["outcome"],
        "success_ratio": {
            part: (judged["impact"].get(part) or {}).get("success_ratio")
            for part in ("before", "during", "after")
        },
        "users_affected": played.last.impact.users_affected if played.last.impact else None,
        "requests_lost": played.last.impact.requests_lost if played.last.impact else None,
        "seconds": {
            name: None if at is None or run.started_at is None else round(at - run.started_at, 1)
            for name, at in (
                ("detected", run.detected_at),
                ("mitigated", run.mitigated_at),
                ("resolved", run.resolved_at),
                ("ended", run.ended_at),
            )
        },
        "steps": played.steps,
    }


def _summary(played: Played, judged: dict[str, Any], *, held: bool) -> None:
    figures = _figures(played, judged, held=held)
    ratio = figures["success_ratio"]
    colour, verdict = ("green", "✔ held") if held else ("red", "✘ did not hold")
    screen = console()
    screen.print(f"\n[{colour}]{verdict}[/]: the run is {figures['outcome']}.")
    screen.print(
        f"success before {percent(ratio['before'])}, during {percent(ratio['during'])}, "
        f"after {percent(ratio['after'])}; {figures['users_affected']} users affected, "
        f"{figures['requests_lost']} requests lost"
    )
    seconds = figures["seconds"]
    screen.print(
        f"mitigated after {duration(seconds['mitigated'])}, "
        f"resolved after {duration(seconds['resolved'])}"
    )
    screen.print("Read the whole story with `./lab review`.")


def finish(*, json: Json = False) -> None:
    """End the active run; then read its review."""
    with Client(attached(), name="cli") as client:
        ended = client.finish()
    if json:
        print_json(ended)
    else:
        console().print(f"Run {ended.id} has ended: {ended.outcome}. Now: `./lab review`.")


def review(
    run: Annotated[str, typer.Argument(help="Id of a run; else the latest.")] = CURRENT,
    *,
    html: Annotated[
        Path | None, typer.Option(help="Write it as one self-contained HTML file.")
    ] = None,
    json: Json = False,
) -> None:
    """Read the review of a run that has ended."""
    from obstack_lab.review import Review

    with Client(attached(), name="cli") as client:
        judged = client.review(run)
    whole = Review.model_validate(judged)
    if html is not None:
        from obstack_lab.review.html import render

        html.write_text(render(whole), encoding="utf-8")
        if not json:
            console().print(f"Written: {html}")
    if json:
        print_json(judged)
    elif html is None:
        from obstack_lab.review.text import render as render_text

        console().print(render_text(whole))
