"""The published page of fault classes: the rows, who plays them, and what can be set in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from obstack_lab.orchestrator.faults.catalogue.loader import catalogue
from obstack_lab.orchestrator.faults.catalogue.model import Fault
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.scenario.library import Library

_CLASSES = Path(__file__).with_name("classes.md")
_LEVERS = Path(__file__).with_name("drivers.md")
_SET_IN = Path(__file__).with_name("set_in.md")


def page(library: Library) -> str:
    """Return the whole page."""
    parts = (_CLASSES.read_text("utf-8"), *_played(library), *_set_in(), *_drivers())
    return "\n".join(parts)


def _played(library: Library) -> Iterator[str]:
    scenarios = [library.get(name).scenario for name in library.ids()]
    rows = sorted((scenario.fault_class, scenario.id) for scenario in scenarios)
    yield "## In the library\n"
    yield "| row | scenario |\n| --- | --- |"
    yield from (f"| {row} | `{name}` |" for row, name in rows)


def _set_in() -> Iterator[str]:
    found = catalogue()
    yield "\n" + _SET_IN.read_text("utf-8").format(faults=len(found.faults), rows=len(found.rows))
    yield "| row | fault | what really happens | driver | what shows it | healthy | fault |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    yield from map(_line, found.faults)


def _drivers() -> Iterator[str]:
    yield "\n" + _LEVERS.read_text("utf-8")
    yield "| driver | what it does, with which parameters, and when its fault is gone |"
    yield "| --- | --- |"
    for name, driver in sorted(DRIVERS.items()):
        told = " ".join((type(driver).__doc__ or "").split())
        yield f"| `{name}` | {told} |"
    yield ""


def _line(fault: Fault) -> str:
    signal = fault.signal
    query = " ".join(signal.query.split())
    cells = (
        str(fault.row),
        f"`{fault.id}`: {fault.title}",
        fault.mechanism,
        ", ".join(dict.fromkeys(f"`{part.driver}`" for part in fault.inject)),
        f"`` {query} ``" if "`" in query else f"`{query}`",
        f"`{signal.silent}`",
        f"`{signal.shows}`",
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
