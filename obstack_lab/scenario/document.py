"""A YAML text as a tree of nodes that remember their lines.

`read` never raises for what an author wrote: syntax errors, duplicate keys and tags that make no
sense in a scenario come back as mistakes beside whatever could be read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALARS = {"str", "int", "float", "bool", "null"}
_TEXT = {"timestamp", "binary", "value"}
"""YAML 1.1 makes dates and the like of these; a scenario reads them as the text they are."""

Key = str | int


@dataclass(frozen=True)
class Mistake:
    """One mistake: where, and what was expected there."""

    path: tuple[Key, ...]
    line: int
    message: str


@dataclass(frozen=True)
class Node:
    """One value of the document with its line, or a stand-in for a value that is not there.

    Looking for something that does not exist gives an empty node, so that checks can ask for
    `node["hints"][0]["text"].text` whatever the author wrote.
    """

    value: Any
    line: int
    path: tuple[Key, ...] = ()
    children: dict[Key, Node] | None = None
    key_lines: dict[Key, int] | None = None
    exists: bool = True

    def __getitem__(self, key: Key) -> Node:
        """Return the child of this name or number, empty where there is none."""
        found = (self.children or {}).get(key)
        return found or Node(None, self.line, (*self.path, key), exists=False)

    def __iter__(self) -> Iterator[Node]:
        """Walk the entries of a list or the values of a mapping."""
        return iter((self.children or {}).values())

    @property
    def text(self) -> str:
        """The value where it is text, else nothing."""
        return self.value if isinstance(self.value, str) else ""

    def names(self) -> tuple[str, ...]:
        """Return the keys of a mapping."""
        return tuple(self.value) if isinstance(self.value, dict) else ()

    def key_line(self, key: Key) -> int:
        """Return the line where a key of this mapping stands."""
        return (self.key_lines or {}).get(key, self[key].line)

    def mistake(self, message: str, *, line: int | None = None) -> Mistake:
        """Return a mistake at this node."""
        return Mistake(self.path, line or self.line, message)


def read(text: str) -> tuple[Node | None, list[Mistake]]:
    """Return the document's tree, None where there is none, and what is wrong with its form."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [
            Mistake((), line, f"a character that YAML does not allow: U+{ord_of(error):04X}")
        ]
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, text)]
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
        return None, [
            Mistake((), 1, "the file is empty; expected a mapping that starts with `id:`")
        ]
    builder = _Builder()
    node = builder.build(root, ())
    if not isinstance(node.value, dict):
        expected = f"expected `key: value` lines at the top, found {describe(node.value)}"
        return None, [Mistake((), node.line, expected)]
    return node, builder.mistakes


def ord_of(error: yaml.reader.ReaderError) -> int:
    """Return the code point that the reader refused, which it gives as a number or as text."""
    character = error.character
    return character if isinstance(character, int) else ord(character)


def describe(value: object) -> str:
    """Say in words what an author wrote."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the yes/no value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            short = value if len(value) <= 40 else value[:37] + "…"
            return f"the text {short!r}"
        case dict():
            return "a mapping"
        case _:
            return "a list"


class _Builder:
    """Turns composed YAML nodes into ours, noting mistakes of form on the way."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def build(self, node: yaml.Node, path: tuple[Key, ...]) -> Node:
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, line)
        if isinstance(node, yaml.SequenceNode):
            children: dict[Key, Node] = {
                number: self.build(item, (*path, number)) for number, item in enumerate(node.value)
            }
            return Node([child.value for child in children.values()], line, path, children)
        return Node(self._scalar(cast("yaml.ScalarNode", node), path, line), line, path)

    def _mapping(self, node: yaml.MappingNode, path: tuple[Key, ...], line: int) -> Node:
        children: dict[Key, Node] = {}
        lines: dict[Key, int] = {}
        for key_node, value_node in node.value:
            key, at = str(key_node.value), key_node.start_mark.line + 1
            if key_node.tag == _TAG + "merge" or not isinstance(key_node, yaml.ScalarNode):
                self.mistakes.append(Mistake(path, at, "expected a plain key before the colon"))
            elif key in children:
                again = f"the key '{key}' stands twice; the first one is on line {lines[key]}"
                self.mistakes.append(Mistake((*path, key), at, again))
            else:
                lines[key] = at
                children[key] = self.build(value_node, (*path, key))
        value = {key: child.value for key, child in children.items()}
        return Node(value, line, path, children, lines)

    def _scalar(self, node: yaml.ScalarNode, path: tuple[Key, ...], line: int) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind in _TEXT:
            return node.value
        if kind not in _SCALARS:
            tag = Mistake(
                path, line, f"the tag '{node.tag}' means nothing here; write plain values"
            )
            self.mistakes.append(tag)
            return node.value
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (ValueError, yaml.YAMLError):
            self.mistakes.append(Mistake(path, line, f"'{node.value}' is not a valid {kind}"))
            return node.value


_HINTS = (
    ("tab", "indent with spaces; there is a tab"),
    ("mapping values are not allowed", "a colon too many; put text with ': ' in quotes"),
    ("end of stream", "a quote or bracket is opened and never closed"),
    ("expected ',' or ']'", "a list in brackets lacks its comma or its ']'"),
    ("expected ',' or '}'", "a mapping in braces lacks its comma or its '}'"),
    ("undefined alias", "an alias (*name) without an anchor (&name); put text with '*' in quotes"),
    ("another document", "expected one document, found a second one after '---'"),
    ("cannot start any token", "text that starts with this character needs quotes"),
    ("expected <block end>", "the indentation does not match the lines above"),
    ("could not find expected ':'", "a key without its colon"),
    ("did not find expected key", "the indentation does not match the lines above"),
    ("did not find expected '-' indicator", "a list entry must start with '- '"),
)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark and (opened := _open_quote(text, mark.line)) is not None:
        message = f"the quote that opens here is closed only on line {mark.line + 1}"
        return Mistake((), opened + 1, f"not valid YAML: {message}")
    number = min(mark.line if mark else 0, max(len(lines) - 1, 0))
    problem = error.problem or "not valid YAML"
    if lines and lines[number][: len(lines[number]) - len(lines[number].lstrip())].count("\t"):
        problem = "tab"
    message = next((words for sign, words in _HINTS if sign in problem), problem)
    context = error.context_mark
    begin = f" (it begins on line {context.line + 1})" if context and context.line < number else ""
    return Mistake((), number + 1, f"not valid YAML: {message}{begin}")


def _open_quote(text: str, line: int) -> int | None:
    """Return where the quoted text begins that ends on the line of a syntax error, if one does.

    That is what a forgotten closing quote looks like: the next opening quote closes it.
    """
    found = None
    with contextlib.suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=_Loader):
            quoted = isinstance(token, yaml.ScalarToken) and token.style in {"'", '"'}
            start, end = token.start_mark.line, token.end_mark.line
            if quoted and start < end == line:
                found = start
    return found
