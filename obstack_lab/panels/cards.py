"""The library of incidents as cards: what there is, how hard it is, how far you are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from string import Template
from typing import TYPE_CHECKING

from obstack_lab.errors import LabDown
from obstack_lab.lab.words import Sign
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.daemon import attach
from obstack_lab.panels.assets import read
from obstack_lab.settings import LabHome

if TYPE_CHECKING:
    from obstack_lab.orchestrator.views import ScenarioView

STATES = {
    "new": Sign("not played yet", "○", "calm"),
    "active": Sign("being played now", "▲", "bad"),
    "played": Sign("played, not solved", "✘", "warn"),
    "mitigated": Sign("mitigated", "◆", "warn"),
    "resolved": Sign("resolved", "✔", "fine"),
}


class Shelf:
    """The incidents; a notebook shows cards, `print` one line each."""

    def __init__(self, scenarios: Sequence[ScenarioView]) -> None:
        self.scenarios = tuple(scenarios)

    def __repr__(self) -> str:
        return "\n".join(
            f"{s.id}: {s.title} ({s.difficulty}, {s.minutes} min, {STATES[s.state].word})"
            for s in self.scenarios
        )

    def _repr_html_(self) -> str:
        cards = "".join(map(_card, self.scenarios))
        return Template(read("library.html")).substitute(style=read("library.css"), cards=cards)


def _card(scenario: ScenarioView) -> str:
    state = STATES[scenario.state]
    fields = {
        "id": scenario.id,
        "notebook": f"{scenario.id}.ipynb",
        "title": scenario.title,
        "level": scenario.difficulty,
        "minutes": str(scenario.minutes),
        "skills": "; ".join(scenario.skills),
        "state": state.word,
        "shape": state.shape,
        "tone": state.tone,
    }
    return Template(read("card.html")).substitute({k: escape(v) for k, v in fields.items()})


def library() -> Shelf:
    """Return the library of the lab that runs; raise LabDown where none does."""
    state = attach(LabHome.find())
    if state is None:
        raise LabDown('No lab is running. Start one with `./lab up`, or call open_lab("…").')
    with Client(state) as client:
        return Shelf(client.scenarios())
