"""Text to tokens. Attribute names have an alphabet of their own, so the lexer knows where it is."""

from __future__ import annotations

import re
from typing import NoReturn

from obstack_lab.telemetry.traceql import token as kinds
from obstack_lab.telemetry.traceql.errors import ParseFailure
from obstack_lab.telemetry.traceql.static import parse_duration
from obstack_lab.telemetry.traceql.token import Token

MOST_CHARACTERS = 128 * 1024

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_DURATION_TAIL = re.compile(r"(?:[nuµμmshdwy]|\d|\.)+")
_ATTRIBUTE_END = frozenset("{}()=~!<>&|^,")
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"',
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}


def scan(query: str) -> list[Token]:
    """Return all tokens of the query; the last one is `$end`.

    Where the text is broken the tokens end with one that holds the failure: what is wrong before
    it is told first.
    """
    return _Lexer(query).run()


class _Lexer:
    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0
        self.tokens: list[Token] = []
        self.line = 1
        self.line_began = 0

    def run(self) -> list[Token]:
        if len(self.query) > MOST_CHARACTERS:
            raise ParseFailure(f"query is longer than {MOST_CHARACTERS} characters", query="")
        while True:
            gap = _SPACE.match(self.query, self.at)
            if gap:
                self._count_lines(self.at, gap.end())
                self.at = gap.end()
            if self.at >= len(self.query):
                break
            known = len(self.tokens)
            try:
                self._one()
            except ParseFailure as failure:
                del self.tokens[known:]
                self._add(kinds.BROKEN, "", value=failure)
                break
        self._add(kinds.END, "")
        return self.tokens

    def _one(self) -> None:
        query, at = self.query, self.at
        char = query[at]
        number = _NUMBER.match(query, at)
        if number:
            self._number(number.group())
        elif char == ".":
            self._add(kinds.DOT, ".")
            self.at += 1
            self._attribute(line=self.tokens[-1].line, column=self.tokens[-1].column)
        elif char == '"':
            self._string()
        elif char == "`":
            self._raw_string()
        elif word := _WORD.match(query, at):
            self._word(word.group())
        else:
            self._operator()

    def _number(self, text: str) -> None:
        end = self.at + len(text)
        tail = _DURATION_TAIL.match(self.query, end)
        if tail and not re.search("[eE]", text):
            nanoseconds = parse_duration(text + tail.group())
            if nanoseconds is not None:
                self._add(kinds.DURATION, text + tail.group(), value=nanoseconds, line=0)
                self.at = tail.end()
                return
        if text.isdigit():
            self._add(kinds.INTEGER, text, value=int(text))
            if int(text) > 2**63 - 1:
                self._fail(f'strconv.Atoi: parsing "{text}": value out of range')
        else:
            self._add(kinds.FLOAT, text, value=float(text.replace("_", "")))
        self.at = end

    def _word(self, word: str) -> None:
        end = self.at + len(word)
        follows = self.query[end : end + 1]
        if follows == "." and word in kinds.SCOPES:
            self._add(word + ".", word + ".", line=0)
            column = self.tokens[-1].column
            self.at = end + 1
            if word == "parent" and re.match(r"(?:resource|span)\.", self.query[self.at :][:9]):
                scope = "resource" if self.query[self.at] == "r" else "span"
                self._add(scope + ".", scope + ".", line=0)
                column = self.tokens[-1].column
                self.at += len(scope) + 1
            self._attribute(line=0, column=column)
            return
        if follows == ":" and word in kinds.COLON_SCOPES:
            self._add(word + ":", word + ":", line=0)
            self.at = end + 1
            return
        self._add(word if word in kinds.WORDS else kinds.IDENTIFIER, word)
        self.at = end

    def _attribute(self, *, line: int, column: int) -> None:
        """Read a name after a scope's dot; quoted parts may hold anything."""
        query, at, parts = self.query, self.at, []
        began = at
        while at < len(query):
            char = query[at]
            if char == '"':
                at, part = self._quoted_part(at)
                parts.append(part)
                continue
            if char in _ATTRIBUTE_END or char.isspace():
                break
            parts.append(char)
            at += 1
        if at > began:
            line = 0
            self._add(kinds.IDENTIFIER, "".join(parts), line=line, column=column)
        self._add(kinds.END_ATTRIBUTE, "", line=line, column=column)
        self._count_lines(self.at, at)
        self.at = at

    def _quoted_part(self, at: int) -> tuple[int, str]:
        query, out = self.query, []
        at += 1
        while at < len(query) and query[at] != '"':
            if query[at] == "\\":
                at += 1
                if query[at : at + 1] not in ("\\", '"'):
                    self._fail(f"invalid escape sequence: \\{query[at : at + 1]}")
            out.append(query[at])
            at += 1
        if at >= len(query):
            self._fail('unexpected EOF, expecting "')
        return at + 1, "".join(out)

    def _string(self) -> None:
        query, at, out = self.query, self.at + 1, []
        self._add(kinds.STRING, "")
        while True:
            char = query[at : at + 1]
            if char in ("", "\n"):
                self._fail("literal not terminated")
            if char == '"':
                break
            if char == "\\":
                at, char = self._escape(at + 1)
            else:
                at += 1
            out.append(char)
        last = self.tokens.pop()
        text = "".join(out)
        self.tokens.append(Token(kinds.STRING, text, last.line, last.column, text))
        self.at = at + 1

    def _escape(self, at: int) -> tuple[int, str]:
        query = self.query
        char = query[at : at + 1]
        if char in _ESCAPES and char:
            return at + 1, _ESCAPES[char]
        if char in _WIDTHS and char:
            digits = query[at + 1 : at + 1 + _WIDTHS[char]]
            if len(digits) == _WIDTHS[char] and re.fullmatch("[0-9a-fA-F]+", digits):
                code = int(digits, 16)
                if code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
                    return at + 1 + len(digits), chr(code)
        if re.match("[0-7]{3}", query[at : at + 3]):
            return at + 3, chr(int(query[at : at + 3], 8))
        return self._fail("invalid char escape")

    def _raw_string(self) -> None:
        end = self.query.find("`", self.at + 1)
        self._add(kinds.STRING, "")
        if end < 0:
            self._fail("literal not terminated")
        text = self.query[self.at + 1 : end]
        last = self.tokens.pop()
        self.tokens.append(Token(kinds.STRING, text, last.line, last.column, text))
        self._count_lines(self.at, end)
        self.at = end + 1

    def _operator(self) -> None:
        for operator in kinds.OPERATORS:
            if self.query.startswith(operator, self.at):
                line = 0 if len(operator) > 1 else None
                self._add(operator, operator, line=line)
                self.at += len(operator)
                return
        if self.query[self.at] == "'":
            quoted = re.match(r"'(?:[^'\n\\]|\\.)*'?", self.query[self.at :])
            text = quoted.group() if quoted else "'"
        else:
            text = self.query[self.at]
        self._add(kinds.IDENTIFIER, text)
        self.at += len(text)

    def _add(
        self,
        kind: str,
        text: str,
        *,
        value: object = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        """Append a token here. Tempo forgets the line after reading a character ahead: 0."""
        if column is None:
            column = self._column(self.at)
        self.tokens.append(Token(kind, text, self.line if line is None else line, column, value))

    def _column(self, at: int) -> int:
        return at - self.line_began + 1

    def _count_lines(self, began: int, end: int) -> None:
        newlines = self.query.count("\n", began, end)
        if newlines:
            self.line += newlines
            self.line_began = self.query.rfind("\n", began, end) + 1

    def _fail(self, message: str) -> NoReturn:
        line = self.tokens[-1].line if self.tokens else self.line
        column = self.tokens[-1].column if self.tokens else self._column(self.at)
        raise ParseFailure.at(message, query=self.query, line=line, column=column)
