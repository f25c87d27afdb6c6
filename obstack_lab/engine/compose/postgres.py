"""PostgreSQL 18 in a container, with the roles of the shop; its data is in a named volume."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.database import DATABASE, new_passwords, roles_script, url
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, postgres_problem
from obstack_lab.errors import EngineError

PORT = 5432
_SECONDS = 20


class ContainerPostgres(ContainerUnit):
    """The database."""

    stop_seconds = 5.0

    def __init__(self, place: Place, harbour: Harbour) -> None:
        super().__init__("postgres", "database", place, harbour, inside=PORT)
        self.address = f"postgresql://127.0.0.1:{self.port}/{DATABASE}"
        self._serves = False
        self._passwords_file = place.home.private / "compose" / "postgres.json"

    @property
    def stamp(self) -> Path:
        return self._passwords_file.with_name("seeded")

    def dsn(self, role: str, port: int | None = None, database: str = DATABASE) -> str:
        return self.url(role, f"127.0.0.1:{port or self.port}", database)

    def url(self, role: str, where: str, database: str = DATABASE) -> str:
        """Return the URL for one of ROLES at an address."""
        return url(role, self.passwords()[role], where, database)

    def passwords(self) -> dict[str, str]:
        """Return the passwords of this lab, made when they are first asked for."""
        file = self._passwords_file
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps(new_passwords()), encoding="utf-8")
        found: dict[str, str] = json.loads(file.read_bytes())
        return found

    def _begin(self) -> None:
        self._serves = False
        super()._begin()
        try:
            with psycopg.connect(
                self.dsn("lab", database="postgres"), autocommit=True, connect_timeout=_SECONDS
            ) as server:
                if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = 'shop'").fetchone():
                    self._make()
        except psycopg.Error as error:
            raise EngineError(
                f"PostgreSQL's first start failed: {str(error).strip().splitlines()[0]}. "
                "Wipe its data with `./lab down --wipe`.",
                component=self.name,
            ) from error

    def _make(self) -> None:
        """Make the roles and the empty database, once."""
        self.stamp.unlink(missing_ok=True)
        script = roles_script(self.passwords())
        lines = (line for line in script.splitlines() if not line.startswith("--"))
        with psycopg.connect(self.dsn("lab", database="template1"), autocommit=True) as server:
            for statement in "\n".join(lines).split(";"):
                if statement.strip():
                    server.execute(statement.encode())

    def _problem(self) -> Problem:
        """Ask as the watch does, which leaves no trace; a new server is asked for a session."""
        if problem := postgres_problem(self.port):
            return problem
        if not self._serves:
            try:
                psycopg.connect(self.dsn("lab", database="postgres"), connect_timeout=2).close()
            except psycopg.Error as error:
                return str(error).strip().splitlines()[0]
            self._serves = True
        return ""
