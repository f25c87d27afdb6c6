"""The exporter's questions to PostgreSQL: one SQL file each, which also explains its metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

_HELP = re.compile(r"^-- (\w+): (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One statement, and the help text of each column that is a metric."""

    name: str
    text: str
    helps: dict[str, str]

    @classmethod
    def parse(cls, name: str, text: str) -> Statement:
        """Return the statement of a file whose comments are `-- metric: what it is`."""
        return cls(name, _COMMENT.sub("", text).strip(), dict(_HELP.findall(text)))


def statements() -> tuple[Statement, ...]:
    """Return every question, by file name."""
    folder = files("sut.exporter").joinpath("sql")
    return tuple(
        Statement.parse(entry.name.removesuffix(".sql"), entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    )
