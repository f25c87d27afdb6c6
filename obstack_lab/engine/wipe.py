"""Remove a lab's directory, and what had to lie outside of it."""

from __future__ import annotations

import contextlib
import shutil

from obstack_lab.engine.embedded import account
from obstack_lab.settings import LabHome

KEPT = ("programs", "bootstrap", "bootstrap.log")
"""What `./lab` has installed: not the lab's data, and slow to get again."""


def wipe(home: LabHome) -> None:
    """Remove everything of a lab that does not run, except the programs installed for it."""
    if not home.path.is_dir():
        return
    account.remove(home.data / "postgres")
    for path in home.path.iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home.path.rmdir()
