"""Loads the shop's data set, once: the data directory is kept between starts."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from obstack_lab.engine.embedded.database import Database
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.process import Command, Process, tail
from obstack_lab.errors import EngineError, Timeout

_SECONDS = 120


class Seed:
    """Runs `python -m sut.seed` where the data set is not that of this version of it."""

    def __init__(self, place: Place, postgres: Database) -> None:
        self._place = place
        self._postgres = postgres

    def run(self) -> bool:
        """Load the data set unless it is there; return whether it was loaded now."""
        stamp = self._postgres.stamp
        wanted = _source_hash()
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return False
        log = self._place.log("seed")
        process = Process(
            "seed",
            Command(
                argv=(sys.executable, "-m", "sut.seed"),
                env=self._place.environment({"DATABASE_URL": self._postgres.dsn("shop")}),
                log=log,
                cwd=self._place.home.path,
            ),
            self._place.spawner,
        )
        self._place.roster.add("seed", process.pid)
        try:
            code = process.popen.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.stop(1)
            raise Timeout(
                f"The data set was not loaded within {_SECONDS} s. Read `./lab logs seed`."
            ) from error
        finally:
            self._place.roster.remove(["seed"])
        if code:
            last = tail(log, 1).strip() or f"exit code {code}"
            raise EngineError(
                f"The data set could not be loaded: {last} Read `./lab logs seed`.",
                component="postgres",
            )
        stamp.write_text(wanted, encoding="ascii")
        return True


def _source_hash() -> str:
    """Return a hash of everything that makes the data set."""
    spec = importlib.util.find_spec("sut.seed")
    if spec is None or spec.origin is None:
        raise EngineError("The package 'sut' is not installed. Run `./lab up` from a checkout.")
    digest = hashlib.sha256()
    origin = Path(spec.origin)
    files = [origin]
    if origin.name == "__init__.py":
        files = [
            each for each in sorted(origin.parent.rglob("*")) if each.suffix in {".py", ".sql"}
        ]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
