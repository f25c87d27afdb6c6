"""What a LogQL query can fail with; every one is the asker's to mend, so the face answers 400.

LogqlError
├── ParseError       the text is no query; `line` and `column` count from 1, 0 where unknown
├── PipelineError    a line could not be parsed or converted in a metric query
├── LimitError       the answer would be too large
└── DeadlinePassed   the query took too long (504)
"""

from __future__ import annotations

from obstack_lab.errors import QueryError


class LogqlError(QueryError):
    """A LogQL query cannot be parsed or evaluated."""

    def __init__(self, message: str, *, query: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, language="logql", query=query, line=line, column=column)


class ParseError(LogqlError):
    """The text is not a query; `reason` is the message without its place."""

    def __init__(self, reason: str, *, line: int = 0, column: int = 0, query: str = "") -> None:
        place = f" at line {line}, col {column}" if line or column else " "
        super().__init__(
            f"parse error{place}: {reason}", query=query, line=max(line, 1), column=column
        )
        self.reason = reason


class PipelineError(LogqlError):
    """A metric query met a line that its stages cannot treat."""

    def __init__(self, kind: str, details: str, labels: str) -> None:
        lines = [f"pipeline error: '{kind}' for series: '{labels}'."]
        lines.append(
            f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").'
        )
        lines.append('To skip all potential errors you can match empty errors.(e.g __error__="")')
        lines.append(
            "The label filter can also be specified after unwrap. "
            '(e.g | unwrap latency | __error__="" )\n'
        )
        super().__init__("\n".join(lines))
        self.kind = kind
        self.details = details


class LimitError(LogqlError):
    """The answer would be larger than the store gives."""


class DeadlinePassed(LogqlError):
    """The query did not end before its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the query did not end within {seconds:g} s; ask for less time or fewer streams"
        )
