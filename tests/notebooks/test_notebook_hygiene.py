"""Notebooks are committed clean: no outputs, ids kept, short cells, nothing that ends a run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from obstack_lab.scenario.library import library

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(
    p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
SCENARIOS = [p for p in NOTEBOOKS if p.parent.name == "notebooks" and p.stem != "00_start_here"]
STATIONS = ["Look", "Start", "Investigate", "Mitigate", "Check", "Debrief"]

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells(path: Path, kind: str = "code") -> list[dict]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_it_is_a_valid_notebook_of_python_3(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert book.metadata.kernelspec.name == "python3"
    assert set(book.metadata) <= {"kernelspec", "language_info"}


def test_it_has_no_outputs_and_no_counts(path: Path) -> None:
    for cell in cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_its_cells_have_ids_that_say_what_they_are(path: Path) -> None:
    ids = [c["id"] for kind in ("code", "markdown") for c in cells(path, kind)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in ids)


def test_its_code_cells_have_one_to_three_lines(path: Path) -> None:
    for cell in cells(path):
        assert 1 <= len(source(cell).splitlines()) <= 3, source(cell)
    assert source(cells(path)[-1]).strip()


def test_no_cell_contains_a_fix_or_ends_the_run(path: Path) -> None:
    for cell in cells(path):
        text = source(cell)
        assert not re.search(r"\.fix\.|\.finish\(|shutdown|sleep|%run|!", text), text


def test_a_scenario_notebook_tells_the_story_in_order(path: Path) -> None:
    if path not in SCENARIOS:
        pytest.skip("not a scenario's notebook")
    assert path.stem in library().ids()
    assert source(cells(path)[0]).splitlines() == [
        "%load_ext obstack_lab",
        f'lab = open_lab("{path.stem}")',
    ]
    heads = [
        line.removeprefix("## ").split()[0]
        for cell in cells(path, "markdown")
        for line in source(cell).splitlines()
        if line.startswith("## ")
    ]
    assert heads == STATIONS


def test_no_answer_stands_in_it(path: Path) -> None:
    if path not in SCENARIOS:
        pytest.skip("not a scenario's notebook")
    scenario = library().get(path.stem).scenario
    text = " ".join(source(c) for kind in ("code", "markdown") for c in cells(path, kind))
    steps = scenario.solutions.reference.steps
    assert not [s.action for s in steps if f".{s.action}(" in text]
    for question in scenario.questions:
        for key in question.answer:
            assert question.options[key] not in text or len(question.options[key]) < 12


def test_its_python_cells_parse(path: Path) -> None:
    for cell in cells(path):
        lines = [line for line in source(cell).splitlines() if not line.startswith("%")]
        if not source(cell).startswith("%%"):
            ast.parse("\n".join(lines))
