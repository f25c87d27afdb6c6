"""What a driver's parameters must be, and what is wrong with those that a scenario gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from obstack_lab.scenario.model import Scalar

Kind = Literal["text", "number", "whole number", "value"]


@dataclass(frozen=True)
class Field:
    """One parameter; `value` takes anything."""

    kind: Kind = "text"
    choices: tuple[Scalar, ...] = ()
    required: bool = True
    least: float = -math.inf
    most: float = math.inf


Form = Mapping[str, Field]


def problems(
    form: Form, params: Mapping[str, Scalar], *, more_allowed: bool = False
) -> tuple[str, ...]:
    """Return what is wrong, each as the end of the sentence "the driver …"."""
    found = [
        f"needs the {field.kind} parameter '{name}'"
        for name, field in form.items()
        if field.required and name not in params
    ]
    for name, value in params.items():
        if name in form:
            found += _wrong(name, form[name], value)
        elif not more_allowed:
            found.append(f"has no parameter '{name}'")
    return tuple(found)


def _wrong(name: str, field: Field, value: Scalar) -> list[str]:
    if field.choices and value not in field.choices:
        return [f"expects '{name}' to be one of {', '.join(map(str, field.choices))}"]
    if field.kind == "text" and not (isinstance(value, str) and value):
        return [f"needs the text parameter '{name}'"]
    if field.kind in {"number", "whole number"}:
        whole = field.kind == "whole number"
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not field.least <= float(value) <= field.most:
            return [f"expects '{name}' to be a {field.kind}{_range(field)}"]
    return []


def _range(field: Field) -> str:
    low, high = math.isfinite(field.least), math.isfinite(field.most)
    if low and high:
        return f" from {field.least:g} to {field.most:g}"
    return f", at least {field.least:g}" if low else f", at most {field.most:g}" if high else ""
