"""The sandbox as an incident, so that everything that plays, shows and reviews runs knows it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.scenario.loader import FILE, Incident
from obstack_lab.scenario.model import Scenario

_FOLDER = Path(__file__).parent


@cache
def sandbox() -> Incident:
    """Return the sandbox; its toolkit is every action there is."""
    document = yaml.safe_load((_FOLDER / FILE).read_text(encoding="utf-8"))
    scenario = Scenario.model_validate({**document, "toolkit": tuple(ACTIONS)})
    briefing = (_FOLDER / "briefing.md").read_text(encoding="utf-8")
    return Incident(scenario, briefing, explanation="", instructor="", folder=_FOLDER)
