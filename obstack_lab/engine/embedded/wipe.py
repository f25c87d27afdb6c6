"""Remove what the components of a lab have stored."""

from __future__ import annotations

import shutil

from obstack_lab.engine.embedded import account
from obstack_lab.settings import LabHome


def wipe(home: LabHome) -> None:
    """Remove the data of a lab that does not run, also what had to lie outside its directory."""
    account.remove(home.data / "postgres")
    shutil.rmtree(home.data, ignore_errors=True)
    (home.private / "postgres.json").unlink(missing_ok=True)
