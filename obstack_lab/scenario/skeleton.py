"""Begins a new scenario from the template: a complete one that is valid as it stands."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from obstack_lab.errors import ScenarioError, UsageError
from obstack_lab.scenario.loader import FILE, PROSE, problems
from obstack_lab.scenario.model import NAME
from obstack_lab.settings import resources

_ID, _TITLE = "new-scenario", "New scenario"


def write(name: str, root: Path | None = None) -> Path:
    """Write a skeleton called `name` below `root`, by default the lab's library; return its folder.

    Raise UsageError where the name will not do or is taken; nothing is overwritten.
    """
    if not re.fullmatch(NAME, name):
        raise UsageError(
            f"'{name}' is no scenario id. Use lower-case letters, digits and dashes, "
            "beginning with a letter, for example `orders-get-lost`."
        )
    folder = (root or resources() / "scenarios") / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} is there already. Choose another id.") from error
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from error
    template = files("obstack_lab.scenario") / "template"
    title = name.replace("-", " ").capitalize()
    for file in (FILE, *(f"{prose}.md" for prose in PROSE)):
        text = (template / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace(_ID, name).replace(_TITLE, title), "utf-8")
    if found := problems(folder):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        raise ScenarioError(found)
    return folder
