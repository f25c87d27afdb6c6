"""SQL in files: one statement a file, found by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

_COLLECTION = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", re.IGNORECASE)
_NAMED = re.compile(r"^-- collection: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One statement, and how a span or a metric names it."""

    name: str
    text: str
    operation: str
    collection: str

    @classmethod
    def parse(cls, name: str, text: str) -> Query:
        """Return the statement without comments, named by its first verb and table.

        A comment `-- collection: stock` names the table where the first one says little.
        """
        named = _NAMED.search(text)
        text = _COMMENT.sub("", text).strip()
        found = named or _COLLECTION.search(text)
        verb = text.split(maxsplit=1)[0].upper()
        return cls(name, text, "SELECT" if verb == "WITH" else verb, found[1] if found else "")

    @property
    def summary(self) -> str:
        return f"{self.operation} {self.collection}".strip()


def load_queries(package: str) -> dict[str, Query]:
    """Return the statements of `<package>/sql/*.sql` by file name without its ending."""
    return {
        entry.name.removesuffix(".sql"): Query.parse(entry.name, entry.read_text("utf-8"))
        for entry in files(package).joinpath("sql").iterdir()
        if entry.name.endswith(".sql")
    }
