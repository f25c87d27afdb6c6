"""A control group, in a folder that looks like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstack_lab.engine.embedded import control_group
from obstack_lab.engine.embedded.control_group import ControlGroup


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_group.os, "geteuid", lambda: 0)


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids")
    return tmp_path


def test_a_quota_is_a_share_of_each_tenth_of_a_second(unified: Path) -> None:
    group = ControlGroup.make("obstack-1-orders-1", unified)
    assert group is not None
    group.allow(0.25)
    assert (group.folder / "cpu.max").read_text() == "25000 100000"
    assert (unified / "cgroup.subtree_control").read_text() == "+cpu"


def test_the_first_generation_has_two_files(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1")
    group = ControlGroup.make("obstack-1-orders-1", tmp_path)
    assert group is not None
    group.allow(0.5)
    assert (group.folder / "cpu.cfs_quota_us").read_text() == "50000"
    assert (group.folder / "cpu.cfs_period_us").read_text() == "100000"


def test_processes_go_in_and_come_out(unified: Path) -> None:
    group = ControlGroup.make("obstack-1-orders-1", unified)
    assert group is not None
    group.take([4711])
    assert (group.folder / "cgroup.procs").read_text() == "4711"
    group.close()
    assert (unified / "cgroup.procs").read_text() == "4711"


def test_where_there_is_no_cpu_controller_there_is_no_group(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory pids")
    assert ControlGroup.make("obstack-1-orders-1", tmp_path) is None
    assert not (tmp_path / "obstack-1-orders-1").exists()


def test_a_plain_user_has_none(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_group.os, "geteuid", lambda: 1000)
    assert ControlGroup.make("obstack-1-orders-1", unified) is None
