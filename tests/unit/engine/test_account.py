"""Where the database's files go when PostgreSQL may not be root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from obstack_lab.engine.embedded import account
from obstack_lab.errors import EngineError

ME = account.Account(os.geteuid(), os.getegid())


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder like /root: nobody else may enter."""
    folder = tmp_path / "root"
    folder.mkdir(mode=0o700)
    return folder


def test_a_user_without_a_name_hears_what_postgresql_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account.os, "geteuid", lambda: 3_999_999_999)
    with pytest.raises(EngineError, match=r"user 3999999999 has no name here.*/etc/passwd"):
        account.unprivileged()


def test_a_plain_user_keeps_the_folder_where_it_was_asked_for(closed: Path, tmp_path: Path) -> None:
    placed = account.place(closed / "lab/postgres", None, tmp_path / "outside")
    assert placed == closed / "lab/postgres"
    assert stat.S_IMODE(placed.stat().st_mode) == 0o700


def test_what_the_account_cannot_reach_lies_outside_with_a_link(
    closed: Path, tmp_path: Path
) -> None:
    folder = closed / "postgres"
    placed = account.place(folder, ME, tmp_path / "outside")
    assert placed.parent == tmp_path / "outside"
    assert stat.S_IMODE(placed.stat().st_mode) == 0o700
    assert folder.resolve() == placed
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700, "the mode of the parent stays"
    assert account.place(folder, ME, tmp_path / "outside") == placed
    placed.rmdir()
    assert account.place(folder, ME, tmp_path / "outside").is_dir(), "removed by hand: made again"


def test_two_labs_never_share_a_folder(closed: Path, tmp_path: Path) -> None:
    first = account.place(closed / "a", ME, tmp_path / "outside")
    assert account.place(closed / "b", ME, tmp_path / "outside") != first


def test_removing_takes_what_lies_outside_too(closed: Path, tmp_path: Path) -> None:
    folder = closed / "postgres"
    placed = account.place(folder, ME, tmp_path / "outside")
    (placed / "data").mkdir()
    account.remove(folder)
    assert not placed.exists()
    assert not folder.is_symlink()


def test_reachable_asks_every_parent(closed: Path) -> None:
    (closed / "open").mkdir(mode=0o755)
    assert not account.reachable(closed / "open")
    assert account.reachable(Path("/usr/bin"))


def test_programs_are_copied_for_any_user_with_what_lies_beside_them(
    closed: Path, tmp_path: Path
) -> None:
    program = closed / "package/pginstall/bin/postgres"
    program.parent.mkdir(parents=True)
    program.write_text("program")
    program.chmod(0o700)
    (closed / "package/pginstall/include").mkdir()
    libraries = closed / "package.libs"
    libraries.mkdir()
    (libraries / "libpq.so").write_text("library")
    outside = tmp_path / "outside"
    copy = account.within_reach(closed / "package", (libraries,), "postgres-18", outside)
    assert stat.S_IMODE((copy / "pginstall/bin/postgres").stat().st_mode) == 0o755
    assert (copy.parent / "package.libs/libpq.so").read_text() == "library"
    assert not (copy / "pginstall/include").exists()
    assert account.within_reach(closed / "package", (), "postgres-18", outside) == copy
