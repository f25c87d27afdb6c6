"""What each service's operators may set: read from the service's own `/config/schema`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import ActionError, LabError
from obstack_lab.orchestrator.views import ParameterView
from obstack_lab.scenario.model import Scalar

_TIMEOUT = 2.0
_KINDS = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}


class ServiceSettings(Protocol):
    """Knows the settings of services."""

    def of(self, service: str) -> tuple[ParameterView, ...]:
        """Return a service's settings; the default is the one it starts with."""


class SchemaSettings:
    """Asks the running service, and remembers what it said for when it does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[ParameterView, ...]] = {}

    def of(self, service: str) -> tuple[ParameterView, ...]:
        try:
            address = self._engine.address(service)
            answer = httpx.get(f"{address}/config/schema", timeout=_TIMEOUT, trust_env=False)
            self._known[service] = parameters(answer.raise_for_status().json())
        except (httpx.HTTPError, LabError, ValueError):
            return self._known.get(service, ())
        return self._known[service]


def parameters(schema: Mapping[str, Any]) -> tuple[ParameterView, ...]:
    """Return the form for a JSON Schema of flat settings."""
    return tuple(
        ParameterView(
            name=name,
            kind="choice" if "enum" in field else _KINDS[field.get("type", "string")],
            choices=tuple(map(str, field.get("enum", ()))),
            minimum=field.get("minimum"),
            maximum=field.get("maximum"),
            default=field.get("default"),
            description=field.get("description", ""),
        )
        for name, field in schema.get("properties", {}).items()
    )


def check(action: str, form: tuple[ParameterView, ...], params: Mapping[str, Scalar]) -> None:
    """Raise ActionError that names the parameter and what it may be."""
    known = {parameter.name: parameter for parameter in form}
    for name, value in params.items():
        if name not in known:
            raise ActionError(
                f"There is no '{name}' here. Known: {', '.join(known) or 'none'}.",
                action=action,
                parameter=name,
            )
        if not _FITS[known[name].kind](known[name], value):
            raise ActionError(
                f"{name}={value!r} is refused: it must be {allowed(known[name])}.",
                action=action,
                parameter=name,
            )


def allowed(parameter: ParameterView) -> str:
    """Return what a parameter may be, in words."""
    if parameter.kind == "choice":
        return f"one of {', '.join(parameter.choices) or 'those there are, and now there is none'}"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    text = words.get(parameter.kind, "text")
    if parameter.minimum is not None and parameter.maximum is not None:
        return f"{text} from {parameter.minimum:g} to {parameter.maximum:g}"
    if parameter.minimum is not None:
        return f"{text}, at least {parameter.minimum:g}"
    if parameter.maximum is not None:
        return f"{text}, at most {parameter.maximum:g}"
    return text


def _in_range(parameter: ParameterView, value: Scalar) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low = parameter.minimum is None or value >= parameter.minimum
    return low and (parameter.maximum is None or value <= parameter.maximum)


_FITS: Mapping[str, Callable[[ParameterView, Scalar], bool]] = {
    "choice": lambda parameter, value: str(value) in parameter.choices,
    "integer": lambda parameter, value: isinstance(value, int) and _in_range(parameter, value),
    "number": _in_range,
    "boolean": lambda _, value: isinstance(value, bool),
    "text": lambda _, value: isinstance(value, str),
}
