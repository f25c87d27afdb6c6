"""Reads Go's template language into nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from typing import Any

from obstack_lab.telemetry.logql.template.errors import TemplateError
from obstack_lab.telemetry.logql.template.nodes import (
    Action,
    Block,
    Jump,
    Node,
    Operand,
    Pipeline,
    Text,
)

_WORD = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<raw>`[^`]*`)
      | (?P<char>'(?:[^'\\\n]|\\.)+')
      | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
            |(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
      | (?P<variable>\$\w*)
      | (?P<field>\.[^\W\d]\w*)
      | (?P<dot>\.)
      | (?P<name>[^\W\d]\w*)
      | (?P<declare>:=)
      | (?P<sign>[|(),=])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = (
    "if",
    "with",
    "range",
    "else",
    "end",
    "break",
    "continue",
    "define",
    "template",
    "block",
)
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
DEEPEST = 60


class TemplateParser:
    """One pass over the text; `functions` are the names that may be called."""

    def __init__(self, text: str, name: str, functions: Container[str]) -> None:
        self.text = text
        self.name = name
        self.functions = functions
        self.words: list[tuple[str, str, int]] = []
        self.at = 0
        self.depth = 0
        self.variables = ["$"]

    def parse(self) -> list[Node]:
        """Return the nodes of the template."""
        nodes: list[Node] = []
        stack: list[tuple[Block, int]] = []
        targets = [nodes]
        position = 0
        trim_next = False
        text = self.text
        while position < len(text):
            start = text.find("{{", position)
            literal = text[position:] if start < 0 else text[position:start]
            if trim_next:
                literal = literal.lstrip(" \t\r\n")
            if start < 0:
                if literal:
                    targets[-1].append(Text(literal))
                break
            inner = start + 2
            if text[inner : inner + 1] == "-" and text[inner + 1 : inner + 2] in tuple(" \t\r\n"):
                literal = literal.rstrip(" \t\r\n")
                inner += 1
            if literal:
                targets[-1].append(Text(literal))
            position, trim_next = self._action(inner, targets, stack)
        if stack:
            raise self._fail("unexpected EOF", len(text))
        return nodes

    def _fail(self, message: str, position: int) -> TemplateError:
        line = self.text.count("\n", 0, position) + 1
        return TemplateError(f"template: {self.name}:{line}: {message}")

    def _cut(self, start: int) -> tuple[int, bool]:
        """Cut the words of one action; return where it ends and whether it trims."""
        self.words, self.at = [], 0
        text, position = self.text, start
        comment = re.compile(r"[ \t\r\n]*/\*.*?\*/", re.DOTALL).match(text, start)
        if comment:
            position = comment.end()
        while True:
            closing = re.compile(r"[ \t\r\n]+-\}\}|\}\}").match(text, position)
            if closing:
                self.words.append(("end", "", position))
                return closing.end(), closing.group() != "}}"
            match = _WORD.match(text, position)
            if match is None:
                raise self._fail("unclosed action", start)
            kind, word = match.lastgroup or "", match.group()
            if kind == "other":
                raise self._odd(word, position, start)
            self.words.append((kind, word, position))
            position = match.end()

    def _odd(self, word: str, position: int, start: int) -> TemplateError:
        if word == '"':
            return self._fail("unterminated quoted string", position)
        if word == "`":
            return self._fail("unterminated raw quoted string", start)
        if word == "'":
            return self._fail("unterminated character constant", position)
        if word.isascii() and word.isprintable():
            previous = [item for item in self.words if item[0] != "space"]
            if not previous or word in "{}!#%&*+-/:;<>?@[]^~\\":
                return self._fail(f'unexpected "{word}" in command', position)
            return self._fail(f'unexpected "{word}" in operand', position)
        return self._fail(f"unrecognized character in action: U+{ord(word):04X} {word!r}", position)

    def _peek(self) -> tuple[str, str, int]:
        self._skip()
        return self.words[self.at]

    def _skip(self) -> bool:
        skipped = False
        while self.words[self.at][0] == "space":
            self.at += 1
            skipped = True
        return skipped

    def _take(self) -> tuple[str, str, int]:
        word = self._peek()
        if word[0] != "end":
            self.at += 1
        return word

    def _action(  # noqa: C901 - one branch a case
        self, start: int, targets: list[list[Node]], stack: list[tuple[Block, int]]
    ) -> tuple[int, bool]:
        end, trims = self._cut(start)
        kind, word, position = self._peek()
        if kind == "end":
            if self.text[start:end].lstrip().startswith("/*"):
                return end, trims
            raise self._fail("missing value for command", position)
        if kind != "name" or word not in _KEYWORDS:
            targets[-1].append(Action(self._pipeline("command")))
            return end, trims
        self._take()
        if word in ("if", "with", "range"):
            if len(stack) >= DEEPEST:
                raise self._fail("template nests too deeply", position)
            seen = len(self.variables)
            block = Block(word, self._pipeline(word))
            targets[-1].append(block)
            targets.append(block.body)
            stack.append((block, seen))
        elif word == "else":
            self._otherwise(targets, stack, position)
        elif word == "end":
            if not stack:
                raise self._fail("unexpected {{end}}", position)
            block, seen = stack.pop()
            targets.pop()
            del self.variables[seen:]
            while stack and stack[-1][1] == -1:
                stack.pop()
                targets.pop()
        elif word in ("break", "continue"):
            if not any(block.kind == "range" for block, _ in stack):
                raise self._fail(f"{{{{{word}}}}} outside {{{{range}}}}", position)
            targets[-1].append(Jump(word))
        else:
            raise self._fail(f'unexpected "{word}" in command', position)
        return end, trims

    def _otherwise(
        self, targets: list[list[Node]], stack: list[tuple[Block, int]], position: int
    ) -> None:
        if not stack:
            raise self._fail("unexpected {{else}}", position)
        block, seen = stack[-1]
        if targets[-1] is block.otherwise:
            raise self._fail("expected end; found {{else}}", position)
        targets[-1] = block.otherwise
        kind, word, _ = self._peek()
        if kind == "name" and word in ("if", "with"):
            self._take()
            inner = Block(word, self._pipeline(word))
            block.otherwise.append(inner)
            stack[-1] = (block, -1)
            targets.append(inner.body)
            stack.append((inner, seen))

    def _pipeline(self, context: str, closing: str = "end") -> Pipeline:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._fail("template nests too deeply", self._peek()[2])
        names, declares = self._assignment(context)
        commands: list[tuple[Operand, ...]] = []
        while True:
            commands.append(self._command(context, closing))
            kind, word, position = self._take()
            if kind == "end" or word == ")":
                if (closing == "end") != (kind == "end"):
                    what = "unclosed left paren" if kind == "end" else "unexpected right paren"
                    raise self._fail(what, position)
                break
            if word != "|":
                raise self._fail(f'unexpected "{word}" in {context}', position)
        for command in commands[1:]:
            if command[0].kind in ("literal", "nil", "dot"):
                raise self._fail(
                    f"non executable command in pipeline stage {commands.index(command) + 1}",
                    command[0].position,
                )
        self.depth -= 1
        return Pipeline(tuple(commands), names, declares)

    def _assignment(self, context: str) -> tuple[tuple[str, ...], bool]:
        mark = self.at
        names: list[str] = []
        while self._peek()[0] == "variable":
            names.append(self._take()[1])
            kind, word, _ = self._peek()
            if kind == "declare" or word == "=":
                self._take()
                if kind == "declare":
                    self.variables += names
                return tuple(names), kind == "declare"
            if word != "," or context != "range":
                break
            self._take()
        self.at = mark
        return (), False

    def _command(self, context: str, closing: str) -> tuple[Operand, ...]:
        operands: list[Operand] = []
        del closing
        while True:
            self._skip()
            kind, word, position = self.words[self.at]
            if kind == "end" or word in ("|", ")"):
                break
            operands.append(self._operand(context))
            following = self.words[self.at]
            if following[0] not in ("space", "end") and following[1] not in ("|", ")"):
                raise self._fail(f'unexpected "{following[1]}" in operand', following[2])
        if not operands:
            raise self._fail(
                "missing value for command"
                if context == "command"
                else f"missing value for {context}",
                position,
            )
        return tuple(operands)

    def _operand(self, context: str) -> Operand:  # noqa: C901, PLR0912 - one branch a case
        kind, word, position = self._take()
        value: Any = None
        if kind == "name":
            if word in ("true", "false"):
                operand = Operand("literal", word, position, word == "true")
            elif word == "nil":
                operand = Operand("nil", word, position)
            elif word in self.functions:
                operand = Operand("function", word, position)
            elif word in _KEYWORDS:
                raise self._fail(f"unexpected <{word}> in {context}", position)
            else:
                raise self._fail(f'function "{word}" not defined', position)
        elif kind in ("string", "raw", "char", "number"):
            value = self._literal(kind, word, position)
            operand = Operand("literal", word, position, value)
        elif kind == "variable":
            if word not in self.variables:
                raise self._fail(f'undefined variable "{word}"', position)
            operand = Operand("variable", word, position)
        elif kind == "field":
            operand = Operand("field", word, position, None, (word[1:],))
        elif kind == "dot":
            operand = Operand("dot", ".", position)
        elif word == "(":
            pipeline = self._pipeline("parenthesized pipeline", ")")
            text = self.text[position : self.words[self.at - 1][2] + 1]
            operand = Operand("pipe", text, position, pipeline)
        else:
            raise self._fail(f'unexpected "{word}" in {context}', position)
        fields = list(operand.fields)
        text = operand.text
        if self.words[self.at][0] == "field" and operand.kind in ("field", "variable"):
            position = self.words[self.at][2]
        while self.words[self.at][0] == "field":
            extra = self._take()[1]
            fields.append(extra[1:])
            text += extra
        if tuple(fields) == operand.fields:
            return operand
        return Operand(operand.kind, text, position, operand.value, tuple(fields))

    def _literal(self, kind: str, word: str, position: int) -> Any:
        if kind == "raw":
            return word[1:-1]
        if kind == "number":
            plain = word.replace("_", "")
            try:
                return int(plain, 0) if not _leads_zero(plain) else int(plain, 8)
            except ValueError:
                return float(plain)
        try:
            text = _unquote(word[1:-1])
        except (ValueError, OverflowError) as error:
            raise self._fail("invalid syntax", position) from error
        return ord(text) if kind == "char" and len(text) == 1 else text


def _leads_zero(word: str) -> bool:
    digits = word.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits.isdigit()


def _unquote(text: str) -> str:
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        sign = match.group(1)
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign[0] in "xuU" and len(sign) > 1:
            return chr(int(sign[1:], 16))
        if sign.isdigit():
            return chr(int(sign, 8))
        raise ValueError(json.dumps(sign))

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", replace, text)
