"""The lab's dashboards as Perses reads them: made elsewhere, committed, read here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from obstack_lab.errors import UnknownName
from obstack_lab.settings import resources

FOLDER = Path("stack/dashboards/perses")


@cache
def boards() -> tuple[dict[str, Any], ...]:
    """Return every dashboard, the overview first, then by name."""
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((resources() / FOLDER).glob("*.json"))
    ]
    found.sort(key=lambda board: "overview" not in name_of(board))
    return tuple(found)


def name_of(board: dict[str, Any]) -> str:
    """Return the name by which a dashboard is asked for."""
    return str(board["metadata"]["name"])


def known(name: str) -> str:
    """Return the name of a dashboard there is; raise UnknownName for another."""
    names = tuple(name_of(board) for board in boards())
    if name not in names:
        raise UnknownName("dashboard", name, names)
    return name
