"""Every error the lab raises on purpose. The message always says the next step.

LabError
├── UsageError            it cannot be done as asked; asking differently helps (exit 2, HTTP 422)
│   ├── UnknownName       no scenario, component, action, run or solution of that name (HTTP 404)
│   ├── QueryError        a query does not parse or cannot be evaluated (HTTP 400)
│   ├── ActionError       an action got a parameter it cannot use (HTTP 422)
│   ├── ScenarioError     a scenario file has mistakes; all of them at once
│   └── WrongPhase        not at this point of the run (HTTP 409)
├── LabDown               no orchestrator answers
├── MissingProgram        a program the lab needs is not installed
├── EngineError           a component could not be started, reached or changed (HTTP 502)
└── Timeout               a wait passed its deadline (HTTP 504)
"""

from __future__ import annotations

from dataclasses import dataclass


class LabError(Exception):
    """Root of the lab's errors; `str(error)` is one line that names the next step."""


class UsageError(LabError):
    """What was asked for cannot be done as asked."""


class UnknownName(UsageError):
    """Nothing of that kind has this name."""

    def __init__(
        self, kind: str, name: str, known: tuple[str, ...] = (), *, message: str = ""
    ) -> None:
        hint = f" Known: {', '.join(known)}." if known else ""
        super().__init__(message or f"There is no {kind} '{name}'.{hint}")
        self.kind = kind
        self.name = name
        self.known = known


class QueryError(UsageError):
    """A query does not parse or cannot be evaluated; `column` counts from 1, 0 where unknown."""

    def __init__(
        self, message: str, *, language: str, query: str, line: int = 0, column: int = 0
    ) -> None:
        super().__init__(message)
        self.language = language
        self.query = query
        self.line = line
        self.column = column

    def caret(self) -> str:
        """Return the query's line with a caret under the column, or `''` where it is unknown."""
        lines = self.query.splitlines() or [""]
        if self.column < 1 or not 0 <= self.line - 1 < len(lines):
            return ""
        return f"{lines[self.line - 1]}\n{' ' * (self.column - 1)}^"


class ActionError(UsageError):
    """An action got a parameter it cannot use."""

    def __init__(self, message: str, *, action: str, parameter: str = "") -> None:
        super().__init__(message)
        self.action = action
        self.parameter = parameter


@dataclass(frozen=True)
class Problem:
    """One mistake in a scenario file: where it is and what was expected there."""

    file: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.message}"


class ScenarioError(UsageError):
    """A scenario file has mistakes; `problems` lists every one of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class WrongPhase(UsageError):
    """The run is not at the point where this can be done."""


class LabDown(LabError):
    """No lab is running. Start one with `./lab up`."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or "No lab is running. Start one with `./lab up`.")


class MissingProgram(LabError):
    """A program the lab needs is not installed."""

    def __init__(self, program: str, how: str) -> None:
        super().__init__(f"'{program}' was not found. {how}")
        self.program = program


class EngineError(LabError):
    """A component could not be started, reached or changed."""

    def __init__(self, message: str, *, component: str = "") -> None:
        super().__init__(message)
        self.component = component


class Timeout(LabError):
    """A wait passed its deadline; the message says what was waited for."""
