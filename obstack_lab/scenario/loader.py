"""Reads a scenario's folder and reports every mistake in it at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from obstack_lab.errors import Problem, ScenarioError
from obstack_lab.scenario import consistency, document, sentence
from obstack_lab.scenario.consistency import NOTHING_KNOWN, Known
from obstack_lab.scenario.document import Key, Mistake, Node
from obstack_lab.scenario.model import Scenario

FILE = "scenario.yaml"
PROSE = ("briefing", "explanation", "instructor")
_FOR_LEARNERS = "briefing"


@dataclass(frozen=True)
class Incident:
    """A scenario with its prose (Markdown) and the folder it came from."""

    scenario: Scenario
    briefing: str
    explanation: str
    instructor: str
    folder: Path

    def __repr__(self) -> str:
        return f"<Incident {self.scenario.id}: {self.scenario.title}>"


def load(folder: Path, known: Known = NOTHING_KNOWN) -> Incident:
    """Return the incident of a folder; raise ScenarioError with all its mistakes."""
    problems: list[Problem] = []
    root = _root(folder, problems)
    scenario = _scenario(root, folder, known, problems) if root else None
    prose = {name: _prose(folder, name, root, problems) for name in PROSE}
    if problems or scenario is None:
        yaml = _shown(folder / FILE)
        problems.sort(key=lambda problem: (problem.file != yaml, problem.file, problem.line))
        raise ScenarioError(tuple(problems))
    return Incident(scenario=scenario, folder=folder, **prose)


def problems(folder: Path, known: Known = NOTHING_KNOWN) -> tuple[Problem, ...]:
    """Return all mistakes of a folder; none where it is a good scenario."""
    try:
        load(folder, known)
    except ScenarioError as error:
        return error.problems
    return ()


def key_path(path: tuple[Key, ...]) -> str:
    """Return `timeline[0].inject.driver` for a place in the document."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "(file)"


def _root(folder: Path, problems: list[Problem]) -> Node | None:
    text = _read(folder / FILE, "the scenario itself", problems)
    if text is None:
        return None
    root, mistakes = document.read(text)
    problems += _located(folder / FILE, mistakes)
    return root


def _scenario(root: Node, folder: Path, known: Known, problems: list[Problem]) -> Scenario | None:
    scenario = None
    mistakes: list[Mistake] = []
    try:
        scenario = Scenario.model_validate(root.value)
    except ValidationError as error:
        mistakes += sentence.mistakes(root, error.errors(include_url=False))
    mistakes += consistency.mistakes(root, folder.resolve().name, known)
    problems += _located(folder / FILE, mistakes)
    return scenario


def _prose(folder: Path, name: str, root: Node | None, problems: list[Problem]) -> str:
    path = folder / f"{name}.md"
    text = _read(path, f"the {name}, in Markdown", problems)
    if text is None:
        return ""
    if not text.strip():
        problems.append(_problem(path, 1, f"the file is empty; expected the {name}, in Markdown"))
    if root and name == _FOR_LEARNERS:
        for number, line in enumerate(text.splitlines(), start=1):
            for value in consistency.leaks(root, line):
                message = f"'{value}' is a parameter of the fault; the learner must not read it"
                problems.append(_problem(path, number, message))
    return text


def _read(path: Path, what: str, problems: list[Problem]) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.append(_problem(path, 1, f"the file is missing; expected {what}"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.append(_problem(path, line, "expected UTF-8 text"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problems.append(_problem(path, 1, f"the file cannot be read: {reason}"))
    return None


def _located(path: Path, mistakes: list[Mistake]) -> list[Problem]:
    file = _shown(path)
    return [Problem(file, key_path(m.path), m.line, m.message) for m in mistakes]


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(_shown(path), key_path(()), line, message)


def _shown(path: Path) -> str:
    """Return the path as an author would write it: from here where it is below here."""
    here = Path.cwd()
    whole = path.absolute()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
