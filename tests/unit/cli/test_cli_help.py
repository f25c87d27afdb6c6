"""Every command and option has help, and the operators' page has every command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from obstack_lab.cli.app import app

OPERATOR = Path(__file__).parents[3] / "docs" / "operator.md"
_WITHOUT_JSON = {"./lab bench"}


def commands(command: Any = None, path: str = "./lab") -> Iterator[tuple[str, Any]]:
    command = command or get_command(app)
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


ALL = dict(commands())
VERBS = {path: command for path, command in ALL.items() if not hasattr(command, "commands")}


@pytest.mark.parametrize("path", ALL)
def test_every_command_and_option_has_help(path: str) -> None:
    assert ALL[path].help
    for parameter in ALL[path].params:
        if parameter.name != "help":
            assert getattr(parameter, "help", ""), f"{path} {parameter.name}"


@pytest.mark.parametrize("path", VERBS)
def test_every_verb_takes_json(path: str) -> None:
    assert "--json" in [option for p in VERBS[path].params for option in p.opts]


@pytest.mark.parametrize("path", VERBS)
def test_every_verb_stands_in_the_operators_page(path: str) -> None:
    page = OPERATOR.read_text("utf-8")
    assert f"`{path}" in page, path
    for parameter in VERBS[path].params:
        for option in parameter.opts:
            if option.startswith("--") and option not in {"--json", "--help"}:
                assert option in page, f"{path} {option}"


def test_help_is_shown_for_every_command(lab) -> None:
    for path in ALL:
        done = lab(*path.split()[1:], "--help")
        assert done.code == 0, path
        assert "Usage:" in done.out


def test_the_version_is_told(lab) -> None:
    done = lab("--version")
    assert done.code == 0
    assert done.out.strip().count(".") == 2


def test_the_command_line_is_typers() -> None:
    assert isinstance(app, typer.Typer)
