"""The stream of words that the parsers read, and the syntax errors they raise from it."""

from __future__ import annotations

from obstack_lab.telemetry.logql.errors import ParseError
from obstack_lab.telemetry.logql.lexer import Token, display, tokenize


class Words:
    """A cursor over the tokens of one query."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._tokens = tokenize(query)
        self._position = 0
        self.deferred: list[ParseError] = []
        self.depth = 0
        self.filters = 0

    @property
    def now(self) -> Token:
        """The word under the cursor."""
        token = self._tokens[self._position]
        if token.error is not None:
            raise token.error
        return token

    def peek(self, ahead: int = 1) -> Token:
        """Return a later word without moving."""
        return self._tokens[min(self._position + ahead, len(self._tokens) - 1)]

    def next(self) -> Token:
        """Return the word under the cursor and move on."""
        token = self.now
        if token.kind != "$end":
            self._position += 1
        return token

    def take(self, *kinds: str) -> Token | None:
        """Return the word and move on where it is of one of the kinds, else None."""
        return self.next() if self.now.kind in kinds else None

    def expect(self, kind: str, *others: str) -> Token:
        """Return the word of this kind, or raise the syntax error that lists what may stand here.

        `others` are named in the error although the caller has already tried them.
        """
        if self.now.kind != kind:
            raise self.unexpected(kind, *others)
        return self.next()

    def unexpected(self, *expected: str) -> ParseError:
        """Return the syntax error for the word under the cursor."""
        token = self.now
        reason = f"syntax error: unexpected {display(token.kind)}"
        if expected:
            reason += f", expecting {' or '.join(expected)}"
        return ParseError(reason, line=token.line, column=token.column, query=self.query)

    def defer(self, reason: str) -> None:
        """Remember an error that only counts where the syntax is sound."""
        self.deferred.append(ParseError(reason, query=self.query))

    def fail(self, reason: str) -> ParseError:
        """Return an error without a place."""
        return ParseError(reason, query=self.query)
