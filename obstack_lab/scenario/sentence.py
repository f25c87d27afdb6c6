"""What pydantic found wrong, in sentences for the author of a scenario."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from obstack_lab.scenario.document import Key, Mistake, Node, describe
from obstack_lab.scenario.model import COMPARISON, NAME, Scenario

_PATTERNS = {
    NAME: "a name of lower-case letters, digits and dashes that starts with a letter",
    COMPARISON: 'a comparison with a number, such as ">= 0.99"',
}
_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list, one entry a line with '- '",
    "dict_type": "a mapping (`key: value` lines)",
    "model_type": "a mapping (`key: value` lines)",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("gt", "more than {:g}"),
    "greater_than_equal": ("ge", "at least {:g}"),
    "less_than": ("lt", "less than {:g}"),
    "less_than_equal": ("le", "at most {:g}"),
}


def mistakes(
    root: Node, errors: Iterable[ErrorDetails], model: type[BaseModel] = Scenario
) -> list[Mistake]:
    """Return one mistake for each place that pydantic complains about.

    `root` is the node that should be a `model`: the whole document, or a part of it.
    """
    found: dict[tuple[Key, ...], Mistake] = {}
    for error in errors:
        mistake = _Author(root, model).mistake(error)
        found.setdefault(mistake.path, mistake)
    return list(found.values())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known word, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def listed(choices: Iterable[str]) -> str:
    """Return "a, b or c"."""
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last


class _Author:
    """Puts one complaint into words, with the help of the model that the document should be."""

    def __init__(self, root: Node, model: type[BaseModel]) -> None:
        self._root = root
        self._model = model

    def mistake(self, error: ErrorDetails) -> Mistake:
        node, key_line = _find(self._root, error)
        kind = error["type"]
        context: dict[str, Any] = error.get("ctx") or {}
        name = str(node.path[-1]) if node.path else ""
        if kind == "extra_forbidden":
            known = _keys(self._annotation(node.path[:-1]))
            advice = nearest(name, known) or f"; keys here: {', '.join(known)}"
            return node.mistake(f"unknown key '{name}'{advice}", line=key_line)
        if kind == "missing":
            about = _description(self._annotation(node.path[:-1]), name)
            return node.mistake(f"'{name}' is missing" + (f": {about}" if about else ""))
        if "[key]" in error["loc"]:
            expected = _PATTERNS.get(str(context.get("pattern")), "text")
            return node.mistake(f"the key '{name}' is not {expected}", line=key_line)
        return node.mistake(f"expected {_expected(kind, context, error)}{self._found(node)}")

    def _found(self, node: Node) -> str:
        wants_text = isinstance(node.value, int | float) and self._annotation(node.path) is str
        quote = "; put it in quotes" if wants_text else ""
        if isinstance(node.value, list | dict) and not node.value:
            return ", found none"
        return f", found {describe(node.value)}{quote}"

    def _annotation(self, path: tuple[Key, ...]) -> Any:
        """Return the type that the model has at this place, or None."""
        annotation: Any = self._model
        for part in path[len(self._root.path) :]:
            annotation = _bare(annotation)
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                field = annotation.model_fields.get(str(part))
                annotation = field.annotation if field else None
            elif get_origin(annotation) is tuple:
                annotation = get_args(annotation)[0]
            elif get_origin(annotation) is dict:
                annotation = get_args(annotation)[1]
            else:
                return None
        return _bare(annotation)


def _expected(kind: str, context: Mapping[str, Any], error: ErrorDetails) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return words.format(context[bound])
    match kind:
        case "literal_error" | "enum":
            expected = str(context["expected"]).replace("'", "")
        case "string_pattern_mismatch":
            expected = _PATTERNS.get(context["pattern"], f"text like {context['pattern']}")
        case "too_short":
            least = context["min_length"]
            expected = "at least one entry" if least == 1 else f"at least {least} entries"
        case "value_error":
            expected = str(context["error"])
        case _:
            expected = error["msg"]
    return expected


def _find(root: Node, error: ErrorDetails) -> tuple[Node, int]:
    """Follow pydantic's location as far as the document goes; return the node and its key's line.

    Members of a union and `[key]` are no places in the document: they are left out.
    """
    node, line = root, root.line
    for part in error["loc"]:
        child = node[part]
        if child.exists:
            node, line = child, node.key_line(part)
    if error["type"] == "missing":
        node = node[error["loc"][-1]]
    return node, line


def _bare(annotation: Any) -> Any:
    """Take `Annotated[...]` and `| None` off a type."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    some = [arg for arg in get_args(annotation) if arg is not type(None)]
    union = get_origin(annotation) is Union or type(annotation).__name__ == "UnionType"
    return _bare(some[0]) if union and len(some) == 1 else annotation


def _keys(model: Any) -> tuple[str, ...]:
    return tuple(model.model_fields) if hasattr(model, "model_fields") else ()


def _description(model: Any, name: str) -> str:
    field = getattr(model, "model_fields", {}).get(name)
    return (field.description or "") if field else ""
