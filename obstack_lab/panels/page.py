"""The no-code page: the whole desk for Voila, or a card that says what is wrong. Never raises."""

from __future__ import annotations

import os
from html import escape
from string import Template
from urllib.parse import parse_qs

from IPython.display import HTML, display

from obstack_lab.errors import LabError, UsageError
from obstack_lab.lab import Lab, attach_lab, open_lab
from obstack_lab.orchestrator.daemon import attach, launch
from obstack_lab.panels.assets import read
from obstack_lab.panels.desk import open_desk
from obstack_lab.scenario.library import library
from obstack_lab.settings import LabHome

FIRST = "checkout-stalls"
QUERY_VARIABLE = "QUERY_STRING"
"""Where Voila puts what stands behind the question mark of its address."""


def chosen(query: str) -> str | None:
    """Return the scenario that an address asks for, or None; raise UsageError for another."""
    asked = parse_qs(query).get("scenario", [""])[0]
    if not asked:
        return None
    known = library().ids()
    if asked not in known:
        raise UsageError(
            f"There is no scenario '{asked}'. Take one of these: {', '.join(known)}, "
            "for example ?scenario=" + known[0]
        )
    return asked


def incident_page() -> None:
    """Show the desk of the scenario in the address, else of the run that is under way."""
    try:
        lab = _lab(chosen(os.environ.get(QUERY_VARIABLE, "")))
        open_desk(lab, mode="page").show()
    except LabError as error:
        display(HTML(_card(error)))  # type: ignore[no-untyped-call]  # IPython has no types


def _lab(scenario: str | None) -> Lab:
    """Return the lab with a run: the one asked for, else the active one, else the first."""
    home = LabHome.find()
    if attach(home) is None:
        launch(home)
    if scenario is None:
        with attach_lab() as lab:
            scenario = lab.scenario or FIRST
    return open_lab(scenario, show=False)


def _card(error: LabError) -> str:
    return Template(read("error.html")).substitute(
        style=read("library.css"),
        title="The desk could not be opened",
        message=escape(str(error)),
        next="When that is done, reload this page.",
    )
