"""The published page of actions: Markdown made of the declarations, nothing written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from obstack_lab.orchestrator.actions.interface import Action
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.service_settings import allowed
from obstack_lab.orchestrator.views import ParameterView

_INTRODUCTION = Path(__file__).with_name("introduction.md")
_ARTICLE = {"instance": "an instance"}


def page() -> str:
    """Return the whole page."""
    found = sorted(ACTIONS.values(), key=lambda action: action.target.kind)
    parts = [_INTRODUCTION.read_text(encoding="utf-8")]
    for kind, actions in groupby(found, key=lambda action: action.target.kind):
        parts += [f"## Of {_ARTICLE.get(kind, f'a {kind}')}\n", *map(_action, actions)]
    return "\n".join(parts)


def _action(action: Action) -> str:
    told = f"{action.description} {action.effect}"
    head = (f"### `{action.name}`\n", f"{told}\n", f"    {_call(action)}\n")
    return "\n".join([*head, *_rows(action)])


def _call(action: Action) -> str:
    needed = [parameter for parameter in action.declared() if not parameter.optional]
    parts = [f"{parameter.name}=…" for parameter in needed]
    if not action.target.alone:
        parts.insert(0, f'"{next(iter(action.target.components), "orders")}"')
    if action.free:
        parts.append("SETTING=…")
    return f"lab.fix.{action.name}({', '.join(parts)})"


def _rows(action: Action) -> Iterator[str]:
    yield "| parameter | what it may be | |"
    yield "| --- | --- | --- |"
    yield f"| `service` | {_where(action)} |"
    for parameter in action.declared():
        yield f"| `{parameter.name}` | {_allowed(parameter)} | {_about(parameter)} |"
    if action.free:
        yield "| any setting | as `GET /v1/components/{name}/config` shows | those not named stay |"
    yield ""


def _where(action: Action) -> str:
    if action.target.alone:
        return f"{action.target.alone} | may be left out"
    if action.target.components:
        return f"one of {', '.join(action.target.components)} | "
    return "a service of the scenario | "


def _allowed(parameter: ParameterView) -> str:
    if parameter.kind == "choice" and not parameter.choices:
        return "one of those there are now"
    unit = f" {parameter.unit}" if parameter.unit else ""
    return allowed(parameter) + unit


def _about(parameter: ParameterView) -> str:
    return parameter.description + ("; may be left out" if parameter.optional else "")
