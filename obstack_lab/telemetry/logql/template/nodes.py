"""The parts of a parsed template."""

from __future__ import annotations

from collections.abc import Iterable
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


def labels_of(nodes: Iterable[Node]) -> set[str]:
    """Return the names of the labels that the nodes read."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Action | Block):
            found |= _labels(node.pipeline)
        if isinstance(node, Block):
            found |= labels_of(node.body) | labels_of(node.otherwise)
    return found


def _labels(pipeline: Pipeline) -> set[str]:
    found: set[str] = set()
    for operand in (operand for command in pipeline.commands for operand in command):
        if operand.kind == "field":
            found.add(operand.fields[0])
        elif isinstance(operand.value, Pipeline):
            found |= _labels(operand.value)
    return found
