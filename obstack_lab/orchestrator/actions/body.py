"""What an action's route takes, as JSON Schema for OpenAPI."""

from __future__ import annotations

from typing import Any

from obstack_lab.orchestrator.actions.interface import Action
from obstack_lab.orchestrator.views import ParameterView

_TYPES = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "text": "string",
    "choice": "string",
}
_SCALAR = {"type": ["boolean", "integer", "number", "string"]}


def body_schema(action: Action) -> dict[str, Any]:
    """Return the schema of an action's parameters, its target among them."""
    parameters = action.declared()
    properties = {"service": _target(action)}
    properties |= {parameter.name: _parameter(parameter) for parameter in parameters}
    required = [parameter.name for parameter in parameters if not parameter.optional]
    if not action.target.alone:
        required.insert(0, "service")
    return {
        "type": "object",
        "title": action.name,
        "properties": properties,
        "required": required,
        "additionalProperties": _SCALAR if action.free else False,
    }


def _target(action: Action) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": f"where: a {action.target.kind}"}
    if action.target.components:
        schema["enum"] = list(action.target.components)
    if action.target.alone:
        schema["default"] = action.target.alone
    return schema


def _parameter(parameter: ParameterView) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": _TYPES[parameter.kind]}
    optional = {
        "enum": list(parameter.choices) or None,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "default": parameter.default,
        "description": parameter.description,
    }
    return schema | {name: value for name, value in optional.items() if value is not None}
