"""What a dashboard is, for whichever program draws it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["chart", "number", "table", "logs", "traces"]
Language = Literal["promql", "logql", "traceql"]
Unit = Literal[
    "count",
    "ratio",
    "seconds",
    "bytes",
    "bytes per second",
    "requests per second",
    "jobs per second",
    "rows per second",
    "per second",
    "processors",
]
Colour = Literal["calm", "second", "third", "fine", "warning", "bad", "limit"]
"""What a colour means: two series more than `calm`, well, worse, users in pain, a limit."""
COLOURS: dict[Colour, str] = {
    "calm": "#0072B2",
    "second": "#56B4E9",
    "third": "#CC79A7",
    "fine": "#009E73",
    "warning": "#E69F00",
    "bad": "#D55E00",
    "limit": "#888888",
}
COLUMNS = 24
"""How many columns the grid has, in Grafana and in Perses."""
VARIABLE = re.compile(r"\$(\w+)")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(_Part):
    """What is asked, in one of the three languages; `legend` names the series by their labels."""

    language: Language = "promql"
    text: str
    legend: str = ""
    colour: Colour | None = None

    @property
    def limit(self) -> bool:
        """Whether this is what the others are measured by, and no measurement."""
        return self.colour == "limit"


class Step(_Part):
    """From this value on a number has this colour."""

    value: float
    colour: Colour


class Panel(_Part):
    """One question, and the queries that answer it."""

    question: str
    kind: Kind = "chart"
    about: str = ""
    unit: Unit = "count"
    width: Annotated[int, Field(ge=1, le=COLUMNS)] = 8
    height: Annotated[int, Field(ge=2)] = 7
    top: float | None = None
    """Where the axis ends; it begins at zero."""
    stacked: bool = False
    columns: tuple[str, ...] = ()
    """Labels that a table shows, in this order, before the value."""
    value: str = ""
    """What the value of a table is called."""
    colours: tuple[Step, ...] = ()
    queries: Annotated[tuple[Query, ...], Field(min_length=1)]

    @property
    def key(self) -> str:
        """A name for the panel among those of its dashboard, made from its question."""
        return re.sub(r"[^a-z0-9]+", "-", self.question.lower()).strip("-")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        languages = {"logs": {"logql"}, "traces": {"traceql"}}.get(self.kind, {"promql", "logql"})
        if wrong := {query.language for query in self.queries} - languages:
            raise ValueError(f"a panel of kind '{self.kind}' cannot ask in {', '.join(wrong)}")
        if len({query.language for query in self.queries}) > 1:
            raise ValueError("a panel asks in one language")
        if self.kind == "table" and not self.columns:
            raise ValueError("a table names its columns")
        return self


class Row(_Part):
    """Panels side by side under a title; shown once for each value of the variable `each`."""

    title: str
    each: str = ""
    panels: Annotated[tuple[Panel, ...], Field(min_length=1)]


class Variable(_Part):
    """What the reader chooses: a label's values, found in the data, or one of `choices`."""

    name: str
    title: str
    label: str = ""
    of: str = ""
    """Selector of the series whose label values are offered."""
    choices: tuple[str, ...] = ()
    default: str = ""
    every: bool = False
    """All values are chosen to begin with, and several may be."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.choices) == bool(self.label and self.of):
            raise ValueError("a variable has either 'choices', or 'label' and 'of'")
        return self


class Mark(_Part):
    """Moments that are drawn on every chart, as thin lines with a text."""

    name: str
    colour: Colour
    language: Language
    query: str
    title: str
    text: str
    tags: str = ""


class Dashboard(_Part):
    """One page of panels with a shared time range."""

    name: str
    title: str
    about: str
    variables: tuple[Variable, ...] = ()
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    @property
    def panels(self) -> Iterator[Panel]:
        """All panels, in reading order."""
        for row in self.rows:
            yield from row.panels

    @model_validator(mode="after")
    def _whole(self) -> Self:
        keys = [panel.key for panel in self.panels]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"asked twice: {', '.join(sorted(twice))}")
        known = {variable.name for variable in self.variables}
        asked = {
            name
            for panel in self.panels
            for query in panel.queries
            for name in VARIABLE.findall(query.text)
        } | {row.each for row in self.rows if row.each}
        if unknown := asked - known:
            raise ValueError(f"no such variable: {', '.join(sorted(unknown))}")
        return self


def places(row: Row) -> Iterator[tuple[Panel, int, int]]:
    """Yield each panel of a row with its column and line in the grid, the row's top being 0."""
    x = y = tallest = 0
    for panel in row.panels:
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        yield panel, x, y
        x += panel.width
        tallest = max(tallest, panel.height)


def height(row: Row) -> int:
    """Return how many lines of the grid a row takes."""
    return max(y + panel.height for panel, _, y in places(row))
