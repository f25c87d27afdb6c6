"""The parts of a parsed template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Operand:
    """One word of a command: `kind` is literal, field, variable, function, dot, nil or pipe.

    `text` is how the template has it, for messages; `fields` are the `.a.b` behind it.
    """

    kind: str
    text: str
    position: int
    value: Any = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by `|`; `names` are the variables that `:=` or `=` sets."""

    commands: tuple[tuple[Operand, ...], ...]
    names: tuple[str, ...] = ()
    declares: bool = False


@dataclass(frozen=True)
class Text:
    """What is written as it stands."""

    text: str


@dataclass(frozen=True)
class Action:
    """`{{ pipeline }}`."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Jump:
    """`{{break}}` or `{{continue}}`."""

    kind: str


@dataclass
class Block:
    """`{{if}}`, `{{with}}` or `{{range}}` with what it repeats or chooses."""

    kind: str
    pipeline: Pipeline
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


Node = Text | Action | Jump | Block
