"""The dashboards that the lab comes with: their sources, and where the made files lie."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from obstack_lab.dashboards.model import Dashboard, Mark, Row
from obstack_lab.errors import UnknownName
from obstack_lab.settings import resources

Program = Literal["grafana", "perses"]
_SOURCE = Path(__file__).with_name("source")
_NAMES = ("overview", "service", "postgresql", "queue", "users")
"""In the order in which they are offered."""
_HAPPENED = "happened"
LATEST = "15m"
"""How much of the past a dashboard shows unless told otherwise."""
REFRESH = "10s"


class Library(NamedTuple):
    """Every dashboard, and the moments that are marked on all of them."""

    dashboards: tuple[Dashboard, ...]
    marks: tuple[Mark, ...]


@cache
def library() -> Library:
    """Return the dashboards; raise ValidationError where a source has mistakes."""
    happened = _read(_HAPPENED)
    last = Row.model_validate(happened["row"])
    sources = map(_read, _NAMES)
    return Library(
        tuple(
            Dashboard.model_validate(source | {"rows": [*source["rows"], last]})
            for source in sources
        ),
        tuple(map(Mark.model_validate, happened["marks"])),
    )


def file(program: Program, name: str) -> Path:
    """Return where the made file of a dashboard lies."""
    return resources() / "stack" / "dashboards" / program / f"{name}.json"


def made(program: Program, name: str) -> dict[str, Any]:
    """Return a dashboard as its program takes it; raise UnknownName."""
    if name not in _NAMES:
        raise UnknownName("dashboard", name, _NAMES)
    found: dict[str, Any] = json.loads(file(program, name).read_text(encoding="utf-8"))
    return found


def _read(name: str) -> dict[str, Any]:
    import yaml

    source: dict[str, Any] = yaml.safe_load((_SOURCE / f"{name}.yaml").read_text(encoding="utf-8"))
    return source
