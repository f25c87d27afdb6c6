"""`scenarios`: what can be played, whether a file is right, and how to begin a new one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli.output import Json, console, duration, fail, finite, percent, print_json
from obstack_lab.errors import ScenarioError, UnknownName, UsageError
from obstack_lab.settings import LabHome

if TYPE_CHECKING:
    from obstack_lab.certify.certificate import Certificate
    from obstack_lab.certify.judge import Judgement
    from obstack_lab.certify.modes import Mode
    from obstack_lab.load.ledger import LedgerEntry
    from obstack_lab.orchestrator.client import Client
    from obstack_lab.scenario.model import Scenario
    from obstack_lab.state import LabState

app = typer.Typer(
    help="The library of incidents: list, read, check, write, prove.", no_args_is_help=True
)


@app.command("list")
def list_scenarios(*, json: Json = False) -> None:
    """List every incident with its difficulty and whether it is certified."""
    from obstack_lab.scenario.library import library

    found, broken = [], 0
    for name in library().ids():
        try:
            found.append(library().get(name).scenario)
        except ScenarioError as error:
            broken += 1
            _tell_broken(name, error)
    _show_list(found, json=json)
    if broken:
        raise typer.Exit(1)


def _tell_broken(name: str, error: ScenarioError) -> None:
    count = len(error.problems)
    mistakes = "a mistake" if count == 1 else f"{count} mistakes"
    fail(UsageError(f"{name} has {mistakes}. See `./lab scenarios validate {name}`."))


def _show_list(found: Sequence[Scenario], *, json: bool) -> None:
    from rich.table import Table

    from obstack_lab.certify.certificate import is_valid

    if json:
        print_json(
            [
                {
                    "id": s.id,
                    "title": s.title,
                    "difficulty": s.difficulty,
                    "minutes": s.minutes,
                    "skills": s.skills,
                    "certified": is_valid(s),
                }
                for s in found
            ]
        )
        return
    table = Table(box=None)
    for heading in ("id", "title", "difficulty", "minutes", "certified"):
        table.add_column(heading)
    for s in found:
        table.add_row(
            s.id, s.title, s.difficulty, str(s.minutes), "✔ yes" if is_valid(s) else "– no"
        )
    console().print(table)


@app.command()
def show(
    scenario: Annotated[str, typer.Argument(help="Id of a scenario.")], *, json: Json = False
) -> None:
    """Show an incident's briefing: what a learner may know before playing."""
    from rich.markdown import Markdown

    from obstack_lab.scenario.library import library

    incident = library().get(scenario)
    s = incident.scenario
    if json:
        print_json(
            {
                "id": s.id,
                "title": s.title,
                "difficulty": s.difficulty,
                "minutes": s.minutes,
                "skills": s.skills,
                "services": s.services,
                "toolkit": s.toolkit,
                "solutions": ["reference", *s.solutions.alternatives],
                "briefing": incident.briefing,
            }
        )
        return
    console().print(Markdown(incident.briefing))


@app.command()
def validate(
    scenarios: Annotated[
        list[Path] | None, typer.Argument(help="Ids or folders; else the whole library.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Check scenarios; every mistake with its file, path and line. Exit 1 where there are any."""
    from obstack_lab.cli.known import known
    from obstack_lab.scenario.library import library
    from obstack_lab.scenario.loader import load

    names_outside = known()
    problems: list[dict[str, str | int]] = []
    names = scenarios or [Path(name) for name in library().ids()]
    for name in names:
        folder = name if name.is_dir() else library().folder(str(name))
        try:
            load(folder, names_outside)
        except ScenarioError as error:
            problems += [
                {"file": p.file, "path": p.path, "line": p.line, "message": p.message}
                for p in error.problems
            ]
            if not json:
                fail(error)
    if json:
        print_json({"valid": not problems, "problems": problems})
    elif not problems:
        console().print(f"{len(names)} of {len(names)} scenarios are right.")
    if problems:
        raise typer.Exit(1)


@app.command()
def new(
    scenario: Annotated[str, typer.Argument(help="Id of the new scenario, after the symptom.")],
    *,
    directory: Annotated[
        Path | None, typer.Option(help="Where it goes; else the library's folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a commented skeleton that is valid already."""
    from obstack_lab.scenario.library import library
    from obstack_lab.scenario.skeleton import write

    folder = write(scenario, directory or library().root)
    if json:
        print_json({"folder": str(folder)})
    else:
        console().print(f"Written: {folder}. Next: `./lab scenarios validate {folder}`.")


class RealStage:
    """Plays take place on the real lab of a directory, started as often as needed."""

    def __init__(self, home: LabHome) -> None:
        self._home = home
        self._client: Client | None = None

    def state(self) -> LabState:
        """Return the running lab; start one unless it runs."""
        from obstack_lab.cli.stack import bring_up

        return bring_up(self._home, engine="auto", quiet=True)

    def client(self) -> Client:
        """Return a client of a healthy lab."""
        from obstack_lab.orchestrator.client import Client

        if self._client is None:
            self._client = Client(self.state(), name="certify")
        return self._client

    def clear(self) -> None:
        """Stop the lab; the next play starts it afresh."""
        from obstack_lab.orchestrator import daemon

        if self._client is not None:
            self._client.close()
            self._client = None
        daemon.shutdown(self._home)

    def ledger(self, run: str) -> Sequence[LedgerEntry]:
        """Return every intended request of a run."""
        from obstack_lab.load.reader import read_ledger

        return tuple(read_ledger(self._home.runs / run / "ledger.jsonl"))


@app.command()
def certify(
    scenarios: Annotated[list[str] | None, typer.Argument(help="Ids of scenarios.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="The whole library.")] = False,
    modes: Annotated[
        str | None, typer.Option(help="Only these, by comma: healthy,no_action,reference,cheat…")
    ] = None,
    seeds: Annotated[int, typer.Option(help="On how many seeds.", min=1, max=20)] = 1,
    jobs: Annotated[
        int, typer.Option(help="Seeds played side by side, each in a lab of its own.", min=1, max=8)
    ] = 1,
    speed: Annotated[
        float,
        typer.Option(
            help="Shorten waiting by this factor; never the physics.", min=0.1, callback=finite
        ),
    ] = 1.0,
    sample: Annotated[
        str | None,
        typer.Option(help="Choose one scenario of the library by this text, a commit's hash."),
    ] = None,
    json: Json = False,
) -> None:
    """Prove scenarios: play every mode and judge it. Exit 1 unless all are certified.

    A play of all modes is stored beside the scenario as its certificate; a part of them is only
    judged. Nothing but the lab may run on the machine meanwhile.
    """
    from obstack_lab.certify.certificate import store
    from obstack_lab.certify.certifier import certify as prove
    from obstack_lab.certify.certifier import too_busy
    from obstack_lab.orchestrator import daemon
    from obstack_lab.scenario.library import library

    names = _chosen_scenarios(scenarios or [], every=every, sample=sample, known=library().ids())
    home = LabHome.find()
    if daemon.attach(home) is not None:
        raise UsageError(
            "A lab is running here, and plays beside it would not be trusted. "
            "Stop it with `./lab down`."
        )
    stages = [RealStage(LabHome(home.path / "certify" / str(job))) for job in range(jobs)]
    proved = []
    try:
        for name in names:
            scenario = library().get(name).scenario
            certificate = prove(
                stages,
                scenario,
                partial(_modes, scenario, modes.split(",") if modes else [], speed),
                seeds=[scenario.load.seed + turn for turn in range(seeds)],
                tell=_tell_nothing if json else _tell,
            )
            proved.append(certificate)
            if not modes:
                store(certificate)
            if too_busy(certificate):
                fail(
                    UsageError("The machine was too busy: users' requests left late. Run it again.")
                )
    finally:
        for stage in stages:
            stage.clear()
    if json:
        print_json([_contract(c) for c in proved] if len(proved) > 1 else _contract(proved[0]))
    if not all(c.certified for c in proved):
        raise typer.Exit(1)


def _chosen_scenarios(
    names: list[str], *, every: bool, sample: str | None, known: tuple[str, ...]
) -> tuple[str, ...]:
    if sample is not None:
        return (known[int.from_bytes(sample.encode()) % len(known)],)
    if every:
        return known
    if not names:
        raise UsageError("Name a scenario, or use `--all`. Known: " + ", ".join(known))
    for name in names:
        if name not in known:
            raise UnknownName("scenario", name, known)
    return tuple(names)


def _modes(scenario: Scenario, names: Sequence[str], speed: float, seed: int) -> tuple[Mode, ...]:
    from obstack_lab.certify.modes import chosen, modes

    found = modes(scenario, seed=seed, speed=speed)
    return chosen(found, names) if names else found


def _tell_nothing(mode: str, seed: int, judgement: Judgement | None) -> None:
    """Say nothing: the result is printed whole."""


def _tell(mode: str, seed: int, judgement: Judgement | None) -> None:
    screen = console()
    if judgement is None:
        screen.print(f"  … {mode} (seed {seed})")
        return
    colour, shape = ("green", "✔") if judgement.verdict == "pass" else ("red", "✘")
    f = judgement.figures
    screen.print(
        f"  [{colour}]{shape}[/] {mode}: {judgement.reason}; success {percent(f.success_before)} → "
        f"{percent(f.success_during)} → {percent(f.success_after)}; "
        f"red {duration(f.seconds_to_red)}, alert {duration(f.seconds_to_alert)}, "
        f"green {duration(f.seconds_to_green)}; "
        f"{f.users_affected} users affected"
    )


def _contract(certificate: Certificate) -> dict[str, object]:
    """Return the object of design.md section 5.1; figures of the first seed that failed, if any."""
    shown = {}
    for name, judgements in certificate.modes.items():
        worst = next((j for j in judgements if j.verdict == "fail"), judgements[0])
        shown[name] = {
            "verdict": worst.verdict,
            "reason": worst.reason,
            "figures": worst.figures.model_dump(mode="json"),
            "seeds": [j.figures.model_dump(mode="json") for j in judgements],
        }
    return {
        "scenario": certificate.scenario,
        "certified": certificate.certified,
        "seeds": certificate.seeds,
        "modes": shown,
    }
