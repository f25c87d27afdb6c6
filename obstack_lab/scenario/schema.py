"""The JSON Schema of `scenario.yaml`, published for editors beside the scenarios.

`python -m obstack_lab.scenario.schema` writes it anew after a change of the model.
"""

from __future__ import annotations

import json
from pathlib import Path

from obstack_lab.scenario.model import load_json_schema
from obstack_lab.settings import resources

FILE = "scenario.schema.json"


def text() -> str:
    """Return the schema as the file has it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of ObservaStack Lab",
        **{key: value for key, value in load_json_schema().items() if key != "title"},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path | None = None) -> Path:
    """Write the schema into the folder of scenarios, by default the lab's own; return the file."""
    path = (folder or resources() / "scenarios") / FILE
    path.write_text(text(), encoding="utf-8")
    return path


if __name__ == "__main__":
    write()
