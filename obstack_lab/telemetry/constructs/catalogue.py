"""The constructs of LogQL and TraceQL, read from the files beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Construct:
    """One construct with an example that was tried on a small sample."""

    name: str
    about: str
    query: str
    finds: int = 0
    """How many lines, spans or series the example finds in the sample."""
    error: str = ""
    """What the refusal of the example contains; empty where it is answered."""
    instead: str = ""
    """What to write in its place."""
    refuser: str = ""
    """Whether the real program refuses it as well."""
    instant: bool = False
    """The example goes to the address of instant queries."""

    @property
    def supported(self) -> bool:
        """Say whether the example is answered."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Chapter:
    """Constructs that belong together."""

    title: str
    constructs: tuple[Construct, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """A query language as this store speaks it."""

    name: str
    chapters: tuple[Chapter, ...]

    @property
    def constructs(self) -> tuple[Construct, ...]:
        """Return those of all chapters."""
        return tuple(one for chapter in self.chapters for one in chapter.constructs)


def read(name: str) -> Language:
    """Return a language's constructs: `LogQL` or `TraceQL`."""
    text = (_FOLDER / f"{name.lower()}.toml").read_text(encoding="utf-8")
    chapters = tomllib.loads(text)["chapter"]
    return Language(
        name,
        tuple(
            Chapter(one["title"], tuple(Construct(**entry) for entry in one["construct"]))
            for one in chapters
        ),
    )
