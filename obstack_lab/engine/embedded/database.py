"""The shop's database, as those that load and copy its data see it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from obstack_lab.settings import resources

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


def url(role: str, password: str, where: str, database: str = DATABASE) -> str:
    """Return the URL for one of ROLES at an address (`HOST:PORT`)."""
    return f"postgresql://{role}:{password}@{where}/{database}?sslmode=disable&gssencmode=disable"


def new_passwords() -> dict[str, str]:
    """Return a password for each of ROLES."""
    return {role: secrets.token_hex(16) for role in ROLES}


def roles_script(passwords: Mapping[str, str]) -> str:
    """Return what makes the roles and the empty database, with these passwords."""
    script = (resources() / "stack/postgres/roles.sql").read_text(encoding="utf-8")
    for role, password in passwords.items():
        script = script.replace(f":'{role}_password'", f"'{password}'")
    return script
