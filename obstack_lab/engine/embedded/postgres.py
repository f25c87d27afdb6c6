"""PostgreSQL 18 as a direct child: made by initdb once, then kept between starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from obstack_lab.engine.embedded import account
from obstack_lab.engine.embedded.database import DATABASE, new_passwords, roles_script, url
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, postgres_problem
from obstack_lab.engine.embedded.process import Command, tail
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import PostgresPrograms, postgres_programs
from obstack_lab.errors import EngineError
from obstack_lab.settings import resources

_INITDB_SECONDS = 60
_FAST_STOP, _IMMEDIATE_STOP = 4.0, 3.0
_READY_LINE = 7
_STILL_IN_USE = "shared memory block"


class Postgres(ProcessUnit):
    """The database."""

    ready_seconds = 30.0

    def __init__(self, place: Place) -> None:
        super().__init__("postgres", "database", place)
        self.port = place.ports.of("postgres")
        self.address = f"postgresql://127.0.0.1:{self.port}/{DATABASE}"
        self._account = account.unprivileged()
        self._passwords_file = place.home.private / "postgres.json"
        self._link = place.home.data / "postgres"
        self._folder: Path | None = None

    def dsn(self, role: str, port: int | None = None, database: str = DATABASE) -> str:
        """Return the URL for one of ROLES, through another port where one is given."""
        password = json.loads(self._passwords_file.read_bytes())[role]
        return url(role, password, f"127.0.0.1:{port or self.port}", database)

    @property
    def data(self) -> Path:
        """The data directory, in a folder that the server's account owns."""
        if self._folder is None:
            self._folder = account.place(self._link, self._account)
        return self._folder / "data"

    @property
    def stamp(self) -> Path:
        return self.data.parent / "seeded"

    def _begin(self) -> None:
        self._folder = None
        programs = postgres_programs(self._account)
        if not self._is_made(programs):
            self._make(programs)
        self._configure()
        # The sessions of a killed server go within a second or two of it; until then its
        # shared memory is in use and a new server refuses to start.
        deadline = time.monotonic() + self.ready_seconds
        while True:
            try:
                super()._begin()
            except EngineError:
                refused = _STILL_IN_USE in tail(self._place.log(self.name), 5)
                if not refused or time.monotonic() > deadline:
                    raise
            else:
                return

    def _command(self) -> Command:
        programs = postgres_programs(self._account)
        data = self.data
        return Command(
            argv=(
                str(programs.postgres),
                *("-D", str(data), "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            ),
            env=self._place.environment({"LC_ALL": "C"}),
            log=self._place.log(self.name),
            cwd=data,
            account=self._account,
            death="QUIT",
        )

    def _problem(self) -> Problem:
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return "not started yet"
        if lines[:1] != [str(self.pid)]:
            return "not started yet"
        state = lines[_READY_LINE].strip() if len(lines) > _READY_LINE else "starting"
        return postgres_problem(self.port) if state == "ready" else state

    def _end(self) -> None:
        process = self._process
        if process is not None:
            for number, seconds in (
                (signal.SIGINT, _FAST_STOP),
                (signal.SIGQUIT, _IMMEDIATE_STOP),
            ):
                process.send(number)
                process.send(signal.SIGCONT)
                try:
                    process.popen.wait(timeout=seconds)
                except subprocess.TimeoutExpired:
                    continue
                break
        super()._end()

    # --- the first time ---

    def _is_made(self, programs: PostgresPrograms) -> bool:
        version = self.data / "PG_VERSION"
        return (
            self._passwords_file.is_file()
            and (self.data.parent / "made").is_file()
            and version.read_text(encoding="ascii").strip() == programs.major
        )

    def _make(self, programs: PostgresPrograms) -> None:
        folder = self.data.parent
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        passwords = new_passwords()
        password_file = folder / "password"
        self._write(password_file, passwords["lab"])
        try:
            self._run(
                (
                    str(programs.initdb),
                    *("-D", str(self.data), "-U", "lab", "--pwfile", str(password_file)),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"),
                    *("--locale-provider=builtin", "--locale=C.UTF-8"),
                ),
                "",
            )
        finally:
            password_file.unlink()
        self._configure()
        single = (str(programs.postgres), "--single", "-j", "-D", str(self.data), "template1")
        self._run(single, roles_script(passwords))
        self._passwords_file.touch(mode=0o600)
        self._passwords_file.write_text(json.dumps(passwords), encoding="utf-8")
        self._write(folder / "made", programs.version)

    def _configure(self) -> None:
        for name in ("postgresql.conf", "pg_hba.conf"):
            source = resources() / "stack/postgres" / name
            self._write(self.data / name, source.read_text(encoding="utf-8"))

    def _run(self, argv: tuple[str, ...], text: str) -> None:
        runs_as = self._account
        try:
            done = subprocess.run(
                argv,
                input=text,
                capture_output=True,
                text=True,
                timeout=_INITDB_SECONDS,
                check=False,
                cwd=self.data.parent,
                env=self._place.environment({"LC_ALL": "C"}),
                user=runs_as.uid if runs_as else None,
                group=runs_as.gid if runs_as else None,
                extra_groups=() if runs_as else None,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(
                f"PostgreSQL's first start failed: {error}. See `./lab doctor`.",
                component=self.name,
            ) from error
        with self._place.log(self.name).open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line or "FATAL" in line]
        if done.returncode or errors:
            what = (errors or done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EngineError(
                f"PostgreSQL's first start failed: {what}. Read `./lab logs postgres`.",
                component=self.name,
            )

    def _write(self, path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)
