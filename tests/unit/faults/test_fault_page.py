"""The page of fault classes is the one that the catalogue and the library make."""

from __future__ import annotations

from pathlib import Path

from obstack_lab.orchestrator.faults.catalogue.page import page
from obstack_lab.scenario.library import library

PAGE = Path(__file__).parents[3] / "docs" / "fault-classes.md"
REMADE = "python -m obstack_lab.orchestrator.faults.catalogue >docs/fault-classes.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(library()), f"write it anew: {REMADE}"
