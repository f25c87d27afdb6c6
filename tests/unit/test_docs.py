"""The docs say what is true: calls, magics, actions, settings and pages exist and are described."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from obstack_lab.lab.session import Lab
from obstack_lab.orchestrator.actions import page as actions
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.scenario.library import library
from sut.settings import GatewaySettings, InventorySettings, OrdersSettings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PLUMBING = {"close", "reattach"}


def calls() -> list[str]:
    return sorted(
        name
        for name, member in inspect.getmembers(Lab, inspect.isfunction)
        if not name.startswith("_") and name not in PLUMBING
    )


@pytest.mark.parametrize("call", calls())
def test_every_call_of_the_lab_is_in_getting_started(call: str) -> None:
    assert f"lab.{call}(" in (DOCS / "getting-started.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("magic", ["promql", "logql", "traceql", "release"])
def test_every_magic_is_in_getting_started(magic: str) -> None:
    assert f"%%{magic}" in (DOCS / "getting-started.md").read_text(encoding="utf-8")


def test_the_page_of_actions_is_the_one_that_their_declarations_make() -> None:
    stored = (DOCS / "actions.md").read_text(encoding="utf-8")
    assert stored == actions.page(), "python -m obstack_lab.orchestrator.actions >docs/actions.md"


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_says_what_it_does_and_what_it_takes(action: str) -> None:
    declared = ACTIONS[action]
    assert f"### `{action}`" in actions.page()
    assert declared.description.endswith(".")
    assert declared.effect.endswith(".")
    assert all(parameter.description for parameter in declared.declared())


@pytest.mark.parametrize(
    "setting",
    sorted(
        {
            *GatewaySettings.model_fields,
            *OrdersSettings.model_fields,
            *InventorySettings.model_fields,
        }
    ),
)
def test_every_setting_is_in_the_page_of_the_system(setting: str) -> None:
    assert f"`{setting}`" in (DOCS / "system-under-test.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", library().ids())
def test_every_scenario_is_in_the_readme_and_has_a_notebook(name: str) -> None:
    title = library().get(name).scenario.title
    assert title in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "notebooks" / f"{name}.ipynb").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
