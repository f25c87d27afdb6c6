"""The words of LogQL with their places, as Go's text scanner would cut them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from obstack_lab.telemetry.logql import gonumber
from obstack_lab.telemetry.logql.errors import ParseError

RANGE_OPERATIONS = frozenset({
    "rate", "rate_counter", "count_over_time", "bytes_rate", "bytes_over_time", "avg_over_time",
    "sum_over_time", "min_over_time", "max_over_time", "stddev_over_time", "stdvar_over_time",
    "quantile_over_time", "first_over_time", "last_over_time", "absent_over_time",
})  # fmt: skip
VECTOR_OPERATIONS = frozenset({
    "sum", "avg", "max", "min", "count", "stddev", "stdvar", "bottomk", "topk", "sort",
    "sort_desc", "approx_topk",
})  # fmt: skip
CONVERSIONS = {
    "bytes": "BYTES_CONV", "duration": "DURATION_CONV",
    "duration_seconds": "DURATION_SECONDS_CONV",
}  # fmt: skip
KEYWORDS = frozenset({
    "by", "without", "bool", "on", "ignoring", "group_left", "group_right", "offset", "unwrap",
    "json", "logfmt", "regexp", "pattern", "unpack", "line_format", "label_format", "decolorize",
    "drop", "keep", "and", "or", "unless",
})  # fmt: skip
_DISPLAY = {name: name.upper() for name in RANGE_OPERATIONS | VECTOR_OPERATIONS} | {
    "vector": "VECTOR",
}  # fmt: skip
_TWO = ("|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=")
_ONE = frozenset("{}(),=|<>+-*/%^.[]")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9]*)?|0[bB][0-9_]*|0[oO][0-9_]*"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]*)?"
)
_NO_EXPONENT = re.compile(r"[0-9._]*[eE][+-]?")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_GROUPING = re.compile(r"(?:by|without)(?:[ \t\r\n]+|#[^\n]*)*\(", re.IGNORECASE)
_DURATION = re.compile(r"[0-9.nsuµmhdwy]+")
_SIZE = re.compile(r"[0-9.BKkMGTPEi]+")
_FLAG = re.compile(r"--(?:strict|keep-empty)\b")
_BLANK = re.compile(r"[ \t\r\n]+|#[^\n]*")
_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
    '"': '"',
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """One word: `kind` is what a syntax error calls it, `text` or `value` what it says.

    `line` is 0 for words that Go's scanner forgets the line of (two signs, ranges, durations).
    """

    kind: str
    text: str
    line: int
    column: int
    value: int = 0
    offset: int = 0
    error: ParseError | None = None


def tokenize(query: str) -> list[Token]:
    """Return every word and a last one: `$end`, or `$error` with what is wrong there."""
    return _Scanner(query).run()


class _Scanner:
    def __init__(self, query: str) -> None:
        self.query = query
        self.position = 0
        self.line = 1
        self.start_of_line = 0
        self.tokens: list[Token] = []

    def run(self) -> list[Token]:
        if not self.query:
            return [Token("$end", "", 0, 0)]
        try:
            return self._run()
        except ParseError as error:
            self.tokens.append(Token("$error", "", 0, 0, error=error))
            return self.tokens

    def _run(self) -> list[Token]:
        while True:
            self._skip_blanks()
            if self.position >= len(self.query):
                self._emit("$end", "", len(self.query))
                return self.tokens
            self._next()

    def _skip_blanks(self) -> None:
        while match := _BLANK.match(self.query, self.position):
            self._advance(match.end())

    def _advance(self, end: int) -> None:
        newline = self.query.rfind("\n", self.position, end)
        if newline >= 0:
            self.line += self.query.count("\n", self.position, end)
            self.start_of_line = newline + 1
        self.position = end

    @property
    def column(self) -> int:
        return self.position - self.start_of_line + 1

    def _emit(self, kind: str, text: str, end: int, *, value: int = 0, lined: bool = True) -> None:
        line = self.line if lined else 0
        self.tokens.append(Token(kind, text, line, self.column, value, self.position))
        self._advance(end)

    def _fail(self, reason: str, *, lined: bool = True) -> ParseError:
        return ParseError(
            reason, line=self.line if lined else 0, column=self.column, query=self.query
        )

    def _next(self) -> None:
        query, position = self.query, self.position
        char = query[position]
        if char in '"`':
            self._string(char)
        elif char == "[":
            self._range()
        elif "0" <= char <= "9" or (char == "." and query[position + 1 : position + 2].isdigit()):
            self._number()
        elif match := _IDENTIFIER.match(query, position):
            self._word(match.group())
        elif match := _FLAG.match(query, position):
            self._emit("FUNCTION_FLAG", match.group(), match.end(), lined=False)
        elif query[position : position + 2] in _TWO:
            sign = query[position : position + 2]
            self._emit(sign, sign, position + 2, lined=False)
        elif char in _ONE:
            self._emit(char, char, position + 1)
        elif 0xD800 <= ord(char) <= 0xDFFF or char == "�":
            raise self._fail("invalid UTF-8 encoding")
        elif char == "\0":
            raise self._fail("invalid character NUL")
        else:
            self._emit("IDENTIFIER", char, position + 1)

    def _string(self, sign: str) -> None:
        query, start = self.query, self.position
        if sign == "`":
            end = query.find("`", start + 1)
            if end < 0:
                raise self._fail("literal not terminated")
            text = query[start + 1 : end].replace("\r", "")
            self._check_text(start, end)
            self._emit("STRING", text, end + 1)
            return
        pieces, at = [], start + 1
        while True:
            if at >= len(query) or query[at] == "\n":
                raise self._fail("literal not terminated")
            char = query[at]
            if char == '"':
                break
            if char == "\\":
                piece, at = self._escape(at + 1)
                pieces.append(piece)
            else:
                pieces.append(char)
                at += 1
        self._check_text(start, at)
        self._emit("STRING", "".join(pieces), at + 1)

    def _check_text(self, start: int, end: int) -> None:
        for sign, reason in (("�", "invalid UTF-8 encoding"), ("\0", "invalid character NUL")):
            if self.query.find(sign, start, end) >= 0:
                raise self._fail(reason)

    def _escape(self, at: int) -> tuple[str, int]:
        query = self.query
        char = query[at : at + 1]
        if char in _SIMPLE_ESCAPES and char:
            return _SIMPLE_ESCAPES[char], at + 1
        lengths = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}
        if char in lengths and char:
            length, base = lengths[char]
            digits, end = query[at + 1 : at + 1 + length], at + 1 + length
        else:
            length, base, digits, end = 3, 8, query[at : at + 3], at + 3
        allowed = "0123456789abcdefABCDEF" if base == 16 else "01234567"
        if len(digits) != length or any(digit not in allowed for digit in digits):
            if not query[at:] or "\n" in query[at:end] or '"' not in query[at:]:
                raise self._fail("literal not terminated")
            raise self._fail("invalid char escape")
        code = int(digits, base)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or (length == 3 and code > 255):
            raise self._fail("invalid char escape")
        if length in (2, 3) and code > 127:
            return bytes([code]).decode("utf-8", "replace"), end
        return chr(code), end

    def _range(self) -> None:
        end = self.query.find("]", self.position)
        if end < 0:
            raise self._fail("missing closing ']' in duration", lined=False)
        text = self.query[self.position + 1 : end]
        try:
            value = gonumber.parse_calendar_duration(text)
        except gonumber.GoError as error:
            raise self._fail(str(error), lined=False) from error
        self._emit("RANGE", text, end + 1, value=value, lined=False)

    def _number(self) -> None:
        query, position = self.query, self.position
        number = _NUMBER.match(query, position)
        text = number.group() if number else query[position]
        if _NO_EXPONENT.fullmatch(text):
            raise self._fail("exponent has no digits")
        if text.lower() == "0x":
            raise self._fail("hexadecimal literal has no digits")
        duration = _DURATION.match(query, position)
        if duration and len(duration.group()) > len(text):
            value = _duration(duration.group())
            if value is not None:
                self._emit("DURATION", duration.group(), duration.end(), value=value, lined=False)
                return
        size = _SIZE.match(query, position)
        if size and len(size.group()) > len(text):
            try:
                amount = gonumber.parse_size(size.group())
            except gonumber.GoError:
                pass
            else:
                self._emit("BYTES", size.group(), size.end(), value=amount, lined=False)
                return
        self._emit("NUMBER", text, position + len(text))

    def _word(self, word: str) -> None:
        end = self.position + len(word)
        lower = word.lower()
        if lower in KEYWORDS:
            self._emit(lower, lower, end)
            return
        if self._opens(end):
            kind = ""
            if lower in RANGE_OPERATIONS or lower in VECTOR_OPERATIONS:
                kind = lower
            elif lower in CONVERSIONS:
                kind = CONVERSIONS[lower]
            elif lower in ("ip", "vector", "label_replace"):
                kind = lower
            if kind:
                self._emit(kind, lower, end)
                return
        self._emit("IDENTIFIER", word, end)

    def _opens(self, at: int) -> bool:
        """Say whether an opening parenthesis, `by` or `without` follows."""
        while match := _BLANK.match(self.query, at):
            at = match.end()
        if self.query[at : at + 1] == "(":
            return True
        return _GROUPING.match(self.query, at) is not None


def display(kind: str) -> str:
    """Return the name under which a syntax error speaks of a kind of word."""
    return _DISPLAY.get(kind, kind)


def _duration(text: str) -> int | None:
    for parse in (gonumber.parse_duration, gonumber.parse_calendar_duration):
        try:
            return parse(text)
        except gonumber.GoError:
            continue
    return None
