"""Every file that is made from the dashboards' sources, with its content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from obstack_lab.dashboards import grafana, perses
from obstack_lab.dashboards.library import file, library
from obstack_lab.dashboards.page import page
from obstack_lab.settings import resources


def files() -> dict[Path, str]:
    """Return the text of each file; needs `grafana-foundation-sdk`, of the extra `dev`."""
    found = library()
    made = {resources() / "docs" / "dashboards.md": page(found)}
    for source in found.dashboards:
        made[file("grafana", source.name)] = _text(grafana.dashboard(source, found.marks))
        made[file("perses", source.name)] = _text(perses.dashboard(source))
    return made


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
