"""Where programs are looked for, and which releases there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstack_lab.engine.embedded.programs import find_program
from obstack_lab.engine.release import known_releases, need_release
from obstack_lab.errors import MissingProgram, UnknownName
from obstack_lab.settings import LabHome
from obstack_lab.testing import MemoryEngine


def program(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "prometheus"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_path_comes_first_then_the_system_then_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = LabHome(tmp_path / "lab")
    system = (str(tmp_path / "usr"),)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    in_lab = program(home.path / "programs/usr/bin")
    assert find_program("prometheus", home, system=system) == in_lab
    in_system = program(tmp_path / "usr")
    assert find_program("prometheus", home, system=system) == in_system
    on_path = program(tmp_path / "path")
    assert find_program("prometheus", home, system=system) == on_path


def test_a_program_that_is_nowhere_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="install the package 'loki-x'"):
        find_program("loki-x", LabHome(tmp_path), system=())


def test_releases_are_known_without_importing_them() -> None:
    assert known_releases("orders")[:3] == ("1.4.1", "1.4.2", "1.5.0")
    with pytest.raises(UnknownName, match=r"no release of orders '9\.9'.*1\.4\.2"):
        need_release("orders", "9.9")
    with pytest.raises(UnknownName, match="no service 'shipping'"):
        need_release("shipping", "1.0")


def test_the_in_memory_engine_knows_the_same_releases() -> None:
    known = MemoryEngine()._known
    assert known == {service: known_releases(service) for service in known}
