"""Remove a lab's directory, and what had to lie outside of it."""

from __future__ import annotations

import shutil

from obstack_lab.engine.embedded import account
from obstack_lab.settings import LabHome


def wipe(home: LabHome) -> None:
    """Remove everything of a lab that does not run: data, logs and records too."""
    account.remove(home.data / "postgres")
    shutil.rmtree(home.path, ignore_errors=True)
