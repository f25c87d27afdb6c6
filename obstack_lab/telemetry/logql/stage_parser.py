"""Reads stream selectors and pipelines: everything of LogQL that works on lines."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.logql import ast, gonumber
from obstack_lab.telemetry.logql.pipeline import compile_stages
from obstack_lab.telemetry.logql.regex import RegexError, compile_regex
from obstack_lab.telemetry.logql.words import Words

LINE_OPERATORS = ("|=", "|~", "|>", "!=", "!~", "!>")
COMPARISONS = (">", ">=", "<", "<=", "=", "==", "!=")
_MATCH_SIGNS = ("=", "=~", "!~", "!=")
_STARTS_FILTER = ("IDENTIFIER", "(")
MOST_FILTERS = 200
"""How many label filters may be joined in one query."""
DEEPEST = 100
"""How deep parentheses may nest."""


class StageParser:
    """Recursive descent over `Words`; positions and expectations as Loki reports them."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def matchers(self) -> tuple[ast.Matcher, ...]:
        """Read `{a="b", c=~"d"}`."""
        words = self.words
        words.expect("{")
        found: list[ast.Matcher] = []
        if words.take("}"):
            return ()
        while True:
            if words.now.kind != "IDENTIFIER":
                raise words.unexpected("IDENTIFIER", *([] if found else ["}"]))
            name = words.next().text
            sign = words.take(*_MATCH_SIGNS)
            if sign is None:
                raise words.unexpected(*_MATCH_SIGNS)
            found.append(self._matcher(name, sign.kind))
            if words.take("}"):
                return tuple(found)
            if not words.take(","):
                raise words.unexpected("}", ",")

    def _matcher(self, name: str, sign: str) -> ast.Matcher:
        value = self._string()
        if "~" in sign:
            try:
                compile_regex(value)
            except RegexError as error:
                raise self.words.fail(str(error)) from error
        return ast.Matcher(name, sign, value)

    def stages(self, *, stop_at_unwrap: bool = False) -> tuple[ast.Stage, ...]:
        """Read stages until something else; with `stop_at_unwrap`, `| unwrap` is something else."""
        words = self.words
        found: list[ast.Stage] = []
        while True:
            kind = words.now.kind
            if kind in LINE_OPERATORS:
                found.append(self._line_filter())
            elif kind == "|":
                if stop_at_unwrap and words.peek().kind == "unwrap":
                    return tuple(found)
                words.next()
                found.append(self._stage())
            else:
                return tuple(found)

    def unwrap(self) -> ast.Unwrap | None:
        """Read `| unwrap x` and the filters after it, where it stands here."""
        words = self.words
        if words.now.kind != "|" or words.peek().kind != "unwrap":
            return None
        words.next()
        words.next()
        conversion = words.take("BYTES_CONV", "DURATION_CONV", "DURATION_SECONDS_CONV")
        if conversion:
            words.expect("(")
            label = words.expect("IDENTIFIER").text
            words.expect(")")
        elif words.now.kind == "IDENTIFIER":
            label = words.next().text
        else:
            raise words.unexpected(
                "IDENTIFIER", "BYTES_CONV", "DURATION_CONV", "DURATION_SECONDS_CONV"
            )
        filters: list[ast.Filter] = []
        while words.now.kind == "|":
            words.next()
            if words.now.kind not in _STARTS_FILTER:
                raise words.unexpected("IDENTIFIER", "(")
            filters.append(self.filter())
        return ast.Unwrap(label, conversion.text if conversion else "", tuple(filters))

    def filter(self) -> ast.Filter:
        """Read label filters joined by `and`, `or`, `,` or nothing.

        `and` binds closer than `or`; a comma or nothing takes all that follows as its right side.
        """
        operands = [self._filter_unit()]
        operators: list[str] = []
        words = self.words
        while True:
            kind = words.now.kind
            if kind in _STARTS_FILTER:
                sign = "juxtaposed"
            elif kind in ("and", "or", ","):
                sign = words.next().kind
            else:
                break
            while operators and _binds(operators[-1], sign):
                _reduce(operands, operators)
            if words.now.kind not in _STARTS_FILTER:
                raise words.unexpected("IDENTIFIER", "(")
            operators.append(sign)
            operands.append(self._filter_unit())
            words.filters += 1
            if words.filters > MOST_FILTERS:
                raise words.fail(f"the query has more than {MOST_FILTERS} label filters")
        while operators:
            _reduce(operands, operators)
        return operands[0]

    def _string(self) -> str:
        return self.words.expect("STRING").text

    def _line_filter(self) -> ast.LineFilter:
        op = self.words.next().kind
        first = self._line_value(op)
        others = []
        while self.words.take("or"):
            others.append(self._line_value(op))
        return ast.LineFilter(op, first.value, first.ip, tuple(others))

    def _line_value(self, op: str) -> ast.LineFilter:
        words = self.words
        if words.take("ip"):
            words.expect("(")
            value = self._string()
            words.expect(")")
            return ast.LineFilter(op, value, ip=True)
        if words.now.kind != "STRING":
            raise words.unexpected("STRING", "ip")
        return ast.LineFilter(op, words.next().text)

    def _stage(self) -> ast.Stage:
        words = self.words
        kind = words.now.kind
        if kind in _STARTS_FILTER:
            return ast.LabelFilter(self.filter())
        reader = self._readers().get(kind)
        if reader is None:
            raise words.unexpected()
        words.next()
        return reader()

    def _readers(self) -> dict[str, Callable[[], ast.Stage]]:
        return {
            "json": lambda: ast.JsonParser(self._fields()),
            "logfmt": self._logfmt,
            "regexp": lambda: self._text_parser("regexp"),
            "pattern": lambda: self._text_parser("pattern"),
            "unpack": lambda: ast.TextParser("unpack"),
            "decolorize": ast.Decolorize,
            "line_format": lambda: ast.LineFormat(self._string()),
            "label_format": self._label_format,
            "drop": lambda: self._choice("drop"),
            "keep": lambda: self._choice("keep"),
        }

    def _text_parser(self, kind: str) -> ast.TextParser:
        stage = ast.TextParser(kind, self._string())
        compile_stages([stage])
        return stage

    def _fields(self) -> tuple[tuple[str, str], ...]:
        words = self.words
        fields: list[tuple[str, str]] = []
        while words.now.kind == "IDENTIFIER" or fields:
            name = words.expect("IDENTIFIER").text
            fields.append((name, self._string() if words.take("=") else name))
            if not words.take(","):
                break
        return tuple(fields)

    def _logfmt(self) -> ast.LogfmtParser:
        flags = []
        while token := self.words.take("FUNCTION_FLAG"):
            flags.append(token.text)
        return ast.LogfmtParser(
            self._fields(), strict="--strict" in flags, keep_empty="--keep-empty" in flags
        )

    def _label_format(self) -> ast.LabelFormat:
        words = self.words
        found: list[ast.Assignment] = []
        while True:
            name = words.expect("IDENTIFIER").text
            words.expect("=")
            if source := words.take("IDENTIFIER", "STRING"):
                rename = source.kind == "IDENTIFIER"
                found.append(ast.Assignment(name, source.text, rename))
            else:
                raise words.unexpected("IDENTIFIER", "STRING")
            if not words.take(","):
                break
        return ast.LabelFormat(tuple(found))

    def _choice(self, kind: str) -> ast.LabelChoice:
        words = self.words
        items: list[str | ast.Matcher] = []
        while True:
            name = words.expect("IDENTIFIER").text
            sign = words.take(*_MATCH_SIGNS)
            items.append(ast.Matcher(name, sign.kind, self._string()) if sign else name)
            if not words.take(","):
                return ast.LabelChoice(kind, tuple(items))

    def _filter_unit(self) -> ast.Filter:
        words = self.words
        if words.take("("):
            words.depth += 1
            if words.depth > DEEPEST:
                raise words.fail("the query nests too deeply")
            inner = self.filter()
            words.depth -= 1
            if words.now.kind != ")":
                raise words.unexpected()
            words.next()
            return inner
        name = words.expect("IDENTIFIER", "(").text
        if sign := words.take("=~", "!~"):
            return ast.StringFilter(name, sign.kind, self._string())
        comparison = words.take(*COMPARISONS)
        if comparison is None:
            raise words.unexpected()
        op = comparison.kind
        if op in ("=", "!="):
            if text := words.take("STRING"):
                return ast.StringFilter(name, op, text.text)
            if words.take("ip"):
                words.expect("(")
                value = self._string()
                words.expect(")")
                return ast.IpFilter(name, op, value)
        return self._comparison(name, "==" if op == "=" else op)

    def _comparison(self, name: str, op: str) -> ast.NumberFilter:
        words = self.words
        if token := words.take("DURATION", "BYTES"):
            unit = "duration" if token.kind == "DURATION" else "bytes"
            return ast.NumberFilter(name, op, token.value, unit)
        sign = words.take("+", "-")
        if words.now.kind == "DURATION" and sign:
            factor = -1 if sign.kind == "-" else 1
            return ast.NumberFilter(name, op, factor * words.next().value, "duration")
        if words.now.kind != "NUMBER":
            raise words.unexpected(*(["NUMBER"] if sign else []))
        value = number(words)
        return ast.NumberFilter(name, op, -value if sign and sign.kind == "-" else value)


def number(words: Words) -> float:
    """Read a number literal; one that Go's floats do not have is an error without a place."""
    token = words.expect("NUMBER")
    try:
        return gonumber.parse_float(token.text)
    except gonumber.GoError as error:
        raise words.fail(f"unable to parse literal as a float: {error}") from error


def _binds(before: str, after: str) -> bool:
    """Say whether the operator before takes the operand between the two."""
    if before in ("juxtaposed", ",") or after in ("juxtaposed", ","):
        return False
    return before == "and" or after == "or"


def _reduce(operands: list[ast.Filter], operators: list[str]) -> None:
    sign = operators.pop()
    right = operands.pop()
    operands[-1] = ast.FilterPair("or" if sign == "or" else "and", operands[-1], right)
