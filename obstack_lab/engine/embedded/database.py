"""The shop's database, as those that load and copy its data see it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

DATABASE = "shop"
ROLES = ("lab", "shop", "operator")
"""`lab` is the superuser, `shop` owns the data and is what services use, `operator` looks."""


class Database(Protocol):
    """A PostgreSQL that is reached from this machine."""

    @property
    def stamp(self) -> Path:
        """The file that says which data set was loaded; it goes when the data goes."""

    def dsn(self, role: str, port: int | None = None, database: str = DATABASE) -> str:
        """Return the URL for one of ROLES, through another port where one is given."""
