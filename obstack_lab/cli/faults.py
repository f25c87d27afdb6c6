"""`faults`: what can be broken, how it shows, and the proof that it does."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obstack_lab.cli.output import Json, console, duration, print_json
from obstack_lab.errors import UsageError
from obstack_lab.settings import LabHome

if TYPE_CHECKING:
    from obstack_lab.orchestrator.faults.catalogue import Catalogue, Fault
    from obstack_lab.verify.finding import Finding

app = typer.Typer(help="The catalogue of faults: list, read, prove.", no_args_is_help=True)


@app.command("list")
def list_faults(*, json: Json = False) -> None:
    """List every fault with its row in docs/fault-classes.md."""
    from rich.table import Table

    from obstack_lab.orchestrator.faults.catalogue import catalogue

    found = catalogue()
    if json:
        print_json([_brief(fault) for fault in found.faults])
        return
    table = Table(box=None)
    for heading in ("row", "id", "title", "level", "driver"):
        table.add_column(heading)
    for fault in found.faults:
        table.add_row(str(fault.row), fault.id, fault.title, fault.level, _drivers(fault))
    console().print(table)
    console().print(f"{len(found.faults)} faults in {len(found.rows)} of 75 classes")


@app.command()
def show(
    fault: Annotated[str, typer.Argument(help="Id of a fault.")], *, json: Json = False
) -> None:
    """Show a fault: its mechanism, its signal, what to do about it. For instructors."""
    from obstack_lab.orchestrator.faults.catalogue import catalogue

    found = catalogue().get(fault)
    if json:
        print_json(found)
        return
    screen = console()
    screen.print(f"[bold]{found.title}[/] (row {found.row}, {found.level})")
    screen.print(found.mechanism)
    for part in found.inject:
        params = ", ".join(f"{name}={value}" for name, value in part.params.items())
        screen.print(f"driver      {part.driver}: {params}", markup=False)
    screen.print(f"signal      {found.signal.query}", markup=False)
    screen.print(f"healthy     {found.signal.silent}", markup=False)
    screen.print(f"shows       {found.signal.shows} within {duration(found.within)}", markup=False)
    screen.print(f"needs       {', '.join(found.services)}", markup=False)
    screen.print(f"mitigation  {found.mitigation}", markup=False)
    if found.needs_root:
        screen.print(f"root        needed; without: {found.without_root or 'not possible'}")


@app.command()
def verify(
    faults: Annotated[list[str] | None, typer.Argument(help="Ids of faults.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="The whole catalogue.")] = False,
    seeds: Annotated[int, typer.Option(help="On how many seeds.", min=1, max=20)] = 1,
    jobs: Annotated[
        int, typer.Option(help="Labs side by side, each in a directory of its own.", min=1, max=8)
    ] = 1,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Keep each finding in FILE as it comes; what is there is not played again.",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Set faults in on labs of their own and look at their signals. Exit 1 unless all hold.

    Each one must be silent on the healthy system, show by its least effect in time, and be silent
    again once it is cleared, with nothing of its cause left.
    """
    from obstack_lab.orchestrator.faults.catalogue import catalogue
    from obstack_lab.verify.record import Record
    from obstack_lab.verify.stage import OwnLab
    from obstack_lab.verify.verifier import verify as prove

    known = catalogue()
    chosen = _chosen(faults or [], every=every, known=known)
    first = known.standard.load.seed
    kept = Record(record)
    with tempfile.TemporaryDirectory(prefix="obstack-faults-") as folder:
        homes = [LabHome(Path(folder) / str(job)) for job in range(min(jobs, len(chosen) * seeds))]
        stages = [OwnLab(home, known.standard) for home in homes]
        try:
            findings = prove(
                stages,
                chosen,
                seeds=[first + turn for turn in range(seeds)],
                tell=_tell_nothing if json else _tell,
                record=kept,
            )
        finally:
            for stage in stages:
                stage.close()
    if json:
        print_json(_contract(findings))
    else:
        _show(findings)
    if not all(finding.holds for finding in findings):
        raise typer.Exit(1)


_Kept = Annotated[
    list[Path] | None,
    typer.Option(exists=True, help="Findings that do not say as whom: they were made so."),
]


@app.command()
def table(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files of --record or --json, or folders of them.", exists=True),
    ] = None,
    *,
    root: _Kept = None,
    plain: _Kept = None,
    json: Json = False,
) -> None:
    """Print what `verify` has found as the page docs/faults-verified.md."""
    from obstack_lab.orchestrator.faults.catalogue import catalogue
    from obstack_lab.verify.page import page
    from obstack_lab.verify.record import latest, read

    findings = latest((*read(root or [], "root"), *read(plain or [], "plain"), *read(files or [])))
    if not findings:
        raise UsageError("Name a file that `./lab faults verify --record FILE` has written.")
    if any(each.user is None for each in findings):
        raise UsageError("A finding does not say as whom: give its file with --root or --plain.")
    if json:
        print_json(_contract(findings))
    else:
        sys.stdout.write(page(catalogue().faults, findings))


def _chosen(names: Sequence[str], *, every: bool, known: Catalogue) -> tuple[Fault, ...]:
    if every:
        return known.faults
    if not names:
        raise UsageError("Name a fault, or use `--all`. `./lab faults list` shows them.")
    return known.chosen(names)


def _brief(fault: Fault) -> dict[str, object]:
    return {
        "id": fault.id,
        "row": fault.row,
        "title": fault.title,
        "mechanism": fault.mechanism,
        "level": fault.level,
        "drivers": [part.driver for part in fault.inject],
        "services": fault.services,
        "needs_root": fault.needs_root,
    }


def _drivers(fault: Fault) -> str:
    return ", ".join(dict.fromkeys(part.driver for part in fault.inject))


def _tell_nothing(fault: Fault, seed: int, finding: Finding | None) -> None:
    """Say nothing: the result is printed whole."""


def _tell(fault: Fault, seed: int, finding: Finding | None) -> None:
    from obstack_lab.verify.page import figure

    screen = console()
    if finding is None:
        screen.print(f"  … {fault.id} (row {fault.row}, seed {seed})")
        return
    colour, shape = ("green", "✔") if finding.holds else ("red", "✘")
    screen.print(
        f"  [{colour}]{shape}[/] {fault.id}: {figure(finding.baseline)} → "
        f"{figure(finding.under)} → {figure(finding.after)}; "
        f"shows in {duration(finding.seconds_to_show)}; {finding.reason}"
    )


def _show(findings: Sequence[Finding]) -> None:
    from rich.table import Table

    from obstack_lab.verify.page import figure

    table = Table(box=None)
    for heading in ("row", "fault", "seed", "healthy", "faulty", "cleared", "shows in", "cause"):
        table.add_column(heading, no_wrap=True)
    for each in findings:
        table.add_row(
            *(str(each.row), f"{'✔' if each.holds else '✘'} {each.fault}", str(each.seed)),
            *(figure(each.baseline), figure(each.under), figure(each.after)),
            duration(each.seconds_to_show),
            _there(each.residual_after),
        )
    screen = console()
    screen.print(table)
    held = {each.row for each in findings} - {each.row for each in findings if not each.holds}
    good = sum(each.holds for each in findings)
    screen.print(f"{good} of {len(findings)} hold; {len(held)} fault classes on every seed")


def _contract(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "holds": all(finding.holds for finding in findings),
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }


def _there(residual: bool | None) -> str:  # noqa: FBT001  (a finding's field, named there)
    return "–" if residual is None else "there" if residual else "gone"
