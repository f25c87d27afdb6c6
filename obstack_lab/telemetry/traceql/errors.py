"""What can be wrong with a TraceQL query.

QueryError
└── TraceQLError
    ├── ParseFailure   it is not TraceQL; the text names line and column
    ├── TypeFailure    it is TraceQL, but its types do not fit
    │   └── Unsupported   the language knows it, no store evaluates it
    └── EvaluationFailure   a span's value cannot be used as the query asks
"""

from __future__ import annotations

from obstack_lab.errors import QueryError

LANGUAGE = "traceql"


class TraceQLError(QueryError):
    """A query cannot be answered; `str(error)` is the whole text a client gets."""

    def __init__(self, message: str, *, query: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, language=LANGUAGE, query=query, line=line, column=column)


class ParseFailure(TraceQLError):
    """The text is no TraceQL."""

    @classmethod
    def at(cls, message: str, *, query: str, line: int, column: int) -> ParseFailure:
        """Return the failure with the position that Tempo would print."""
        where = f"at line {line}, col {column}" if line or column else ""
        text = f"parse error {where}: {message}"
        return cls(text, query=query, line=max(line, 1), column=column)


class TypeFailure(TraceQLError):
    """The types of a query do not fit together."""


class Unsupported(TypeFailure):
    """A construct of the language that no store evaluates."""


class EvaluationFailure(TraceQLError):
    """A span's value cannot be used as the query asks."""
