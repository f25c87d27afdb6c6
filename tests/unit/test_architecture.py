"""The house stands: imports point one way, importing does nothing, modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = [
    {"errors", "settings", "state"},
    {"scenario"},
    {"telemetry", "query", "load", "dashboards"},
    {"engine", "review", "testing"},
    {"orchestrator"},
    {"lab"},
    {"bench", "certify", "panels", "magics", "cli", "verify"},
]
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
NO_EXCUSE = 500
PYTHON = sorted(
    path for package in ("obstack_lab", "sut") for path in (ROOT / package).rglob("*.py")
)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "obstack_lab").parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize(
    "path", [p for p in PYTHON if p.is_relative_to(ROOT / "obstack_lab")], ids=str
)
def test_a_room_imports_only_from_rooms_to_its_left(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    assert room in RANK, f"{room} is not a room of design.md section 1"
    for name in imported_modules(path):
        parts = name.split(".")
        if parts[0] == "obstack_lab" and len(parts) > 1 and parts[1] in RANK:
            other = parts[1]
            assert other == room or RANK[other] <= RANK[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", [p for p in PYTHON if p.is_relative_to(ROOT / "sut")], ids=str)
def test_the_system_under_test_knows_nothing_of_the_lab(path: Path) -> None:
    assert not {n for n in imported_modules(path) if n.split(".")[0] == "obstack_lab"}


@pytest.mark.parametrize("path", PYTHON, ids=str)
def test_a_module_is_no_longer_than_a_module_should_be(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= NO_EXCUSE


def test_nothing_is_called_utils() -> None:
    assert not [p for p in PYTHON if p.stem in {"utils", "helpers", "common", "misc"}]


@pytest.mark.parametrize(
    ("module", "must_not_load"),
    [
        ("obstack_lab", {"pandas", "ipywidgets", "plotly", "fastapi", "httpx"}),
        ("obstack_lab.query", {"ipywidgets", "plotly", "fastapi"}),
        ("obstack_lab.lab", {"ipywidgets", "fastapi", "duckdb"}),
        ("obstack_lab.cli", {"pandas", "ipywidgets", "plotly", "fastapi", "duckdb"}),
        ("obstack_lab.dashboards.library", {"grafana_foundation_sdk", "pandas", "fastapi"}),
        ("obstack_lab.orchestrator.daemon", {"fastapi", "pandas"}),
        ("obstack_lab.orchestrator.client", {"fastapi", "pandas"}),
    ],
)
def test_importing_a_door_loads_nothing_heavy(module: str, must_not_load: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & must_not_load
