"""Tokens to a tree: recursive descent with the precedence of the language.

From loose to tight: `&& ||` (equal, left to right), comparisons and structural operators,
`+ -`, `!`, `* / %`, `^` (right to left). Metrics and span sets share the same beginning, so
what stands left of an operator decides what the operator means.
"""

from __future__ import annotations

from typing import NoReturn

from obstack_lab.telemetry.traceql import token as kinds
from obstack_lab.telemetry.traceql.errors import ParseFailure
from obstack_lab.telemetry.traceql.lexer import scan
from obstack_lab.telemetry.traceql.token import Token

MOST_NESTED = 150
"""Parentheses and operators deeper than this are refused, not followed."""


class TokenStream:
    """The tokens of a query, and how a syntax error is told."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = scan(query)
        self.position = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        """The kind of the next token; raises where the text is broken here."""
        token = self.tokens[self.position]
        if isinstance(token.value, ParseFailure):
            raise token.value
        return token.kind

    @property
    def next(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def after(self, distance: int = 1) -> str:
        """Return the kind of a later token."""
        return self.tokens[min(self.position + distance, len(self.tokens) - 1)].kind

    def take(self) -> Token:
        """Consume the next token."""
        token = self.tokens[self.position]
        if token.kind != kinds.END:
            self.position += 1
        return token

    def accept(self, *wanted: str) -> Token | None:
        """Consume the next token if it is one of these."""
        return self.take() if self.kind in wanted else None

    def expect(self, *wanted: str, told: tuple[str, ...] | None = None) -> Token:
        """Consume the next token, or fail naming what was wanted (`told`, else `wanted`)."""
        if self.kind not in wanted:
            self.unexpected(*(wanted if told is None else told))
        return self.take()

    def unexpected(self, *wanted: str) -> NoReturn:
        """Fail at the next token; more than four expectations are not told."""
        text = f"syntax error: unexpected {self.next.kind}"
        if 0 < len(wanted) <= 4:
            text += f", expecting {' or '.join(wanted)}"
        self.fail(text, self.next)

    def fail(self, message: str, token: Token) -> NoReturn:
        """Fail with this message at this token."""
        line, column = token.line, token.column
        if token.kind == kinds.END and not self.query:
            line = column = 0
        raise ParseFailure.at(message, query=self.query, line=line, column=column)

    def deeper(self) -> None:
        """Count one level of nesting."""
        self.depth += 1
        if self.depth > MOST_NESTED:
            self.fail(f"expression is nested deeper than {MOST_NESTED} levels", self.next)

    def shallower(self) -> None:
        """Leave one level of nesting."""
        self.depth -= 1
