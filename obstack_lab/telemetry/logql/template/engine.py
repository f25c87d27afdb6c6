"""Runs a parsed template on an entry."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.template.errors import CallError, TemplateError
from obstack_lab.telemetry.logql.template.functions import FUNCTIONS
from obstack_lab.telemetry.logql.template.gotime import GoTime
from obstack_lab.telemetry.logql.template.nodes import (
    Action,
    Block,
    Jump,
    Node,
    Operand,
    Pipeline,
    Text,
    labels_of,
)
from obstack_lab.telemetry.logql.template.parser import TemplateParser
from obstack_lab.telemetry.logql.template.printing import show, type_name

_OF_ENTRY = ("__line__", "__timestamp__")
_NAMES = frozenset(FUNCTIONS) | frozenset(_OF_ENTRY) | {"and", "or"}
LONGEST_OUTPUT = 1 << 20
"""How many characters one line may become."""
MOST_ROUNDS = 10_000
"""How many times the `range`s of one line may go round."""
_MISSING: Any = object()


class Template:
    """A parsed template; `render` is safe from any thread."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.nodes = TemplateParser(text, name, _NAMES).parse()
        self.labels = frozenset(labels_of(self.nodes))
        self._simple = _simple_fields(self.nodes)

    def render(self, entry: Entry) -> str:
        """Return what the template makes of the entry, or raise a `TemplateError`."""
        if self._simple is not None:
            return "".join(
                text if not is_field else entry.get(text) or "" for is_field, text in self._simple
            )
        return _Run(self, entry).output()


@functools.lru_cache(maxsize=32)
def compile_template(text: str, name: str) -> Template:
    """Return the template, parsed once."""
    return Template(text, name)


def _simple_fields(nodes: list[Node]) -> list[tuple[bool, str]] | None:
    """Return texts and label names where the template is nothing but `{{.a}}` between texts."""
    found: list[tuple[bool, str]] = []
    for node in nodes:
        if isinstance(node, Text):
            found.append((False, node.text))
        elif isinstance(node, Action) and not node.pipeline.names:
            commands = node.pipeline.commands
            if len(commands) != 1 or len(commands[0]) != 1:
                return None
            operand = commands[0][0]
            if operand.kind != "field" or len(operand.fields) != 1:
                return None
            found.append((True, operand.fields[0]))
        else:
            return None
    return found


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Run:
    def __init__(self, template: Template, entry: Entry) -> None:
        self.template = template
        self.entry = entry
        self.labels = entry.labels()
        self.variables: list[tuple[str, Any]] = [("$", self.labels)]
        self.pieces: list[str] = []
        self.length = 0
        self.rounds = 0

    def output(self) -> str:
        self._walk(self.template.nodes, self.labels)
        return "".join(self.pieces)

    def _write(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)
        if self.length > LONGEST_OUTPUT:
            raise TemplateError("template output is too long")

    def _fail(self, operand: Operand, message: str) -> TemplateError:
        before = self.template.text[: operand.position]
        line = before.count("\n") + 1
        column = len(before[before.rfind("\n") + 1 :].encode())
        context = operand.text if len(operand.text) <= 20 else f"{operand.text[:20]}..."
        name = self.template.name
        return TemplateError(
            f'template: {name}:{line}:{column}: executing "{name}" at <{context}>: {message}'
        )

    def _walk(self, nodes: list[Node], dot: Any) -> None:
        for node in nodes:
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Action):
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.names:
                    self._write(show(value))
            elif isinstance(node, Jump):
                raise _Break if node.kind == "break" else _Continue
            else:
                self._block(node, dot)

    def _block(self, node: Block, dot: Any) -> None:
        mark = len(self.variables)
        if node.kind == "range":
            self._range(node, dot)
        else:
            value = self._pipeline(node.pipeline, dot)
            if truth(value):
                self._walk(node.body, value if node.kind == "with" else dot)
            else:
                self._walk(node.otherwise, dot)
        del self.variables[mark:]

    def _range(self, node: Block, dot: Any) -> None:
        names = node.pipeline.names
        value = self._pipeline(Pipeline(node.pipeline.commands), dot)
        pairs = self._pairs(node, value)
        if not pairs:
            self._walk(node.otherwise, dot)
            return
        for key, item in pairs:
            self.rounds += 1
            if self.rounds > MOST_ROUNDS:
                raise TemplateError("template repeats too often")
            mark = len(self.variables)
            if len(names) == 1:
                self.variables.append((names[0], item))
            elif len(names) == 2:
                self.variables += [(names[0], key), (names[1], item)]
            try:
                self._walk(node.body, item)
            except _Break:
                break
            except _Continue:
                continue
            finally:
                del self.variables[mark:]

    def _pairs(self, node: Block, value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            return sorted(value.items())
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return [(index, index) for index in range(min(value, MOST_ROUNDS + 1))]
        if value is None:
            return []
        operand = node.pipeline.commands[0][0]
        raise self._fail(operand, f"range can't iterate over {show(value)}")

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = _MISSING
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        for name in pipeline.names:
            if pipeline.declares:
                self.variables.append((name, value))
            else:
                self._assign(name, value)
        return value

    def _assign(self, name: str, value: Any) -> None:
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return

    def _command(self, command: tuple[Operand, ...], dot: Any, final: Any) -> Any:
        head = command[0]
        if head.kind == "function" and not head.fields:
            return self._call(head, command[1:], dot, final)
        if len(command) > 1 or final is not _MISSING:
            what = f"can't give argument to non-function {head.text}"
            if head.kind == "nil":
                what = "nil is not a command"
            elif head.kind == "field":
                what = f"{head.fields[-1]} is not a method but has arguments"
            raise self._fail(head, what)
        if head.kind == "nil":
            raise self._fail(head, "nil is not a command")
        return self._value(head, dot)

    def _value(self, operand: Operand, dot: Any) -> Any:
        match operand.kind:
            case "literal":
                value = operand.value
            case "field" | "dot":
                value = dot
            case "variable":
                value = next(
                    v
                    for name, v in reversed(self.variables)
                    if name == operand.text or operand.text.startswith(name + ".")
                )
            case "pipe":
                value = self._pipeline(operand.value, dot)
            case "function":
                value = self._call(operand, (), dot, _MISSING)
            case _:
                return None
        for name in operand.fields:
            value = self._field(operand, value, name)
        return value

    def _field(self, operand: Operand, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            missing = "" if value is self.labels else None
            return value.get(name, missing)
        if value is None:
            raise self._fail(operand, f"nil pointer evaluating interface {{}}.{name}")
        raise self._fail(operand, f"can't evaluate field {name} in type {type_name(value)}")

    def _call(self, head: Operand, arguments: tuple[Operand, ...], dot: Any, final: Any) -> Any:
        name = head.text.split(".")[0]
        if name in ("and", "or"):
            return self._choose(head, name, arguments, dot, final)
        function = FUNCTIONS.get(name)
        count = len(arguments) + (final is not _MISSING)
        if function is not None and not function.least <= count <= function.most:
            wanted = str(function.least)
            if function.most != function.least:
                wanted = f"at least {function.least}"
            raise self._fail(head, f"wrong number of args for {name}: want {wanted} got {count}")
        values = [self._value(argument, dot) for argument in arguments]
        if final is not _MISSING:
            values.append(final)
        if function is None:
            return self.entry.line if name == "__line__" else GoTime(self.entry.timestamp)
        self._check_types(head, arguments, function.kinds, values)
        try:
            return function.call(*values)
        except CallError as error:
            raise self._fail(head, f"error calling {name}: {error}") from error
        except (ValueError, OverflowError, MemoryError, TypeError, ArithmeticError) as error:
            raise self._fail(head, f"error calling {name}: {error}") from error

    def _check_types(
        self, head: Operand, arguments: tuple[Operand, ...], kinds: str, values: list[Any]
    ) -> None:
        """Refuse arguments of other types than the function's, as Go's compiler would."""
        for index, value in enumerate(values):
            kind = kinds[min(index, len(kinds) - 1)] if kinds else "*"
            if _ALLOWED[kind](value):
                continue
            place = arguments[index] if index < len(arguments) else head
            wanted = _TYPE_NAMES[kind]
            if index < len(arguments) and place.kind == "literal":
                raise self._fail(place, f"expected {_LITERAL_NAMES[kind]}; found {place.text}")
            raise self._fail(
                place, f"wrong type for value; expected {wanted}; got {type_name(value)}"
            )

    def _choose(
        self, head: Operand, name: str, arguments: tuple[Operand, ...], dot: Any, final: Any
    ) -> Any:
        if not arguments and final is _MISSING:
            raise self._fail(head, f"wrong number of args for {name}: want at least 1 got 0")
        value: Any = None
        for argument in arguments:
            value = self._value(argument, dot)
            if truth(value) is (name == "or"):
                return value
        return value if final is _MISSING else final


def truth(value: Any) -> bool:
    """Say whether Go's templates take the value for true: not zero, not empty."""
    return bool(value) or isinstance(value, GoTime)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_ALLOWED: dict[str, Callable[[Any], bool]] = {
    "*": lambda _value: True,
    "s": lambda value: isinstance(value, str),
    "i": _is_int,
    "f": lambda value: isinstance(value, float) or _is_int(value),
    "t": lambda value: isinstance(value, GoTime),
}
_TYPE_NAMES = {"s": "string", "i": "int", "f": "float64", "t": "time.Time", "*": ""}
_LITERAL_NAMES = {"s": "string", "i": "integer", "f": "float", "t": "time.Time", "*": ""}
