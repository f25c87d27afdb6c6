"""As whom PostgreSQL runs when the lab runs as root, and where its files can then be.

PostgreSQL refuses to run as root, so it gets an unprivileged account. That account cannot enter
`/root` (mode 0700), where both the checkout and the virtual environment may be, and we do not
widen modes of folders that are not ours. What lies out of its reach is therefore kept below
`/var/lib/obstack-lab`: no other user can write there, unlike `/tmp`, so nobody can have put a
folder in place before us. In the lab's directory a link shows where it went.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from obstack_lab.errors import EngineError

OUTSIDE = Path("/var/lib/obstack-lab")


@dataclass(frozen=True)
class Account:
    """An unprivileged user of the system."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Return the account that PostgreSQL needs, or None where we are a plain user already."""
    if os.geteuid() != 0:
        _need_a_name(os.geteuid())
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EngineError(
            "PostgreSQL does not run as root, and this system has no user 'nobody'. "
            "Start the lab as a plain user.",
            component="postgres",
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def _need_a_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError as error:
        raise EngineError(
            f"PostgreSQL does not run under a number alone: user {uid} has no name here. Start the "
            "lab as a user of this system, or give the number a line in /etc/passwd.",
            component="postgres",
        ) from error


def reachable(path: Path) -> bool:
    """Say whether any user may enter the folder: all of its parents and itself let others pass."""
    for folder in (path, *path.parents):
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            return False
    return True


def place(folder: Path, account: Account | None, outside: Path = OUTSIDE) -> Path:
    """Return a folder of mode 0700 that the account owns: this one, or one that it can reach."""
    if account is None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return folder
    target = folder
    if folder.is_symlink() or not reachable(folder.parent):
        target = outside / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        _own_room(outside)
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
        folder.symlink_to(target)
    target.mkdir(parents=True, exist_ok=True)
    os.chown(target, account.uid, account.gid)
    target.chmod(0o700)
    return target


def within_reach(tree: Path, beside: tuple[Path, ...], name: str, outside: Path = OUTSIDE) -> Path:
    """Return a copy of a tree that any user can read, with what must lie beside it.

    The copy is made once for each `name`, which must hold a version.
    """
    target = outside / name
    if not target.is_dir():
        _own_room(outside)
        draft = outside / f".{name}.{os.getpid()}"
        for source in (tree, *beside):
            shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("include"))
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.parent.name == "bin":
                path.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not target.is_dir():
                raise
    return target / tree.name


def remove(folder: Path) -> None:
    """Remove a folder that `place` gave, wherever it lies."""
    if folder.is_symlink():
        shutil.rmtree(folder.resolve(), ignore_errors=True)
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _own_room(outside: Path) -> None:
    outside.mkdir(parents=True, exist_ok=True)
    owner = outside.lstat()
    if owner.st_uid != os.geteuid() or not stat.S_ISDIR(owner.st_mode):
        raise EngineError(f"{outside} is not ours. Remove it, or start the lab as a plain user.")
    outside.chmod(0o755)
