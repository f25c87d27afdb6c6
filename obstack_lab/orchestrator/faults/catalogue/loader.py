"""Reads the catalogue's files and reports every mistake in them at once."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from obstack_lab.errors import Problem, ScenarioError
from obstack_lab.orchestrator.faults.catalogue.model import Catalogue, Fault, Standard
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.scenario import document, sentence
from obstack_lab.scenario.document import Mistake, Node
from obstack_lab.scenario.loader import key_path
from obstack_lab.scenario.model import Model

Kind = TypeVar("Kind", bound=Model)
HERE = Path(__file__).parent
_STANDARD = "standard.yaml"


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that came with the lab."""
    return load(HERE)


def load(folder: Path, drivers: Mapping[str, FaultDriver] = DRIVERS) -> Catalogue:
    """Return the catalogue of a folder; raise ScenarioError with all its mistakes."""
    problems: list[Problem] = []
    standard: Standard | None = None
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        root, mistakes = document.read(path.read_text(encoding="utf-8"))
        if root is not None:
            if path.name == _STANDARD:
                standard = _model(root, Standard, mistakes)
            else:
                faults += _faults(root, drivers, seen, mistakes)
        problems += [Problem(path.name, key_path(m.path), m.line, m.message) for m in mistakes]
    if standard is None and not problems:
        problems.append(Problem(_STANDARD, "(file)", 1, "the file is missing"))
    if problems or standard is None:
        raise ScenarioError(tuple(problems))
    return Catalogue(
        faults=tuple(sorted(faults, key=operator.attrgetter("row"))), standard=standard
    )


def _faults(
    root: Node,
    drivers: Mapping[str, FaultDriver],
    seen: dict[str, str],
    mistakes: list[Mistake],
) -> Iterator[Fault]:
    if not isinstance(root["faults"].value, list):
        mistakes.append(root["faults"].mistake("expected a list of faults"))
    for node in root["faults"]:
        fault = _model(node, Fault, mistakes)
        mistakes += _misled(node, drivers)
        if name := node["id"].text:
            if name in seen:
                mistakes.append(node["id"].mistake(f"'{name}' stands twice"))
            seen[name] = name
        if fault is not None:
            yield fault


def _misled(node: Node, drivers: Mapping[str, FaultDriver]) -> Iterator[Mistake]:
    for part in node["inject"]:
        driver, params = part["driver"], part["params"]
        if driver.text and driver.text not in drivers:
            known = ", ".join(sorted(drivers))
            yield driver.mistake(f"there is no driver '{driver.text}'; known: {known}")
        elif driver.text and isinstance(params.value, dict):
            for problem in drivers[driver.text].problems(params.value):
                yield params.mistake(f"the driver '{driver.text}' {problem}")


def _model(node: Node, kind: type[Kind], mistakes: list[Mistake]) -> Kind | None:
    try:
        return kind.model_validate(node.value)
    except ValidationError as error:
        mistakes += sentence.mistakes(node, error.errors(include_url=False), kind)
        return None
