"""A session plays benchmarks one by one, cleans up, and tells what was missed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from obstack_lab.bench.budget import Budget
from obstack_lab.bench.figure import figure
from obstack_lab.bench.machine import Machine, this_machine
from obstack_lab.bench.registry import NAMES, benchmark, chosen
from obstack_lab.bench.session import play
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import EngineError, UnknownName

MACHINE = Machine(system="X 1", processor="y", python="3", cores=2, memory=8, load=0.1)


@pytest.fixture(autouse=True)
def _own_temp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


class Benchmarks:
    """Three benchmarks: one keeps its budget, one misses it, one cannot be played."""

    def __init__(self) -> None:
        self.folders: list[Path] = []

    def find(self, name):
        return {"good": self.good, "slow": self.slow, "broken": self.broken}[name]

    def good(self, setting: Setting) -> Measured:
        self.folders.append(setting.folder)
        (setting.folder / "file").write_text("x", encoding="utf-8")
        setting.tell("working")
        return Measured({"good_one": figure("a", [1.0], "s", budget=Budget(2))}, ("look here",))

    def slow(self, setting: Setting) -> Measured:
        self.folders.append(setting.folder)
        seconds = float(setting.many(9, 3))
        return Measured({"slow_one": figure("b", [seconds], "s", budget=Budget(2))})

    def broken(self, setting: Setting) -> Measured:
        self.folders.append(setting.folder)
        raise EngineError("It did not start. Look at its log.")


def played(*names, quick=False, benchmarks=None):
    told = []
    session = play(
        names,
        MACHINE,
        quick=quick,
        tell=lambda name, text: told.append((name, text)),
        find=(benchmarks or Benchmarks()).find,
    )
    return session, told


def test_a_session_in_which_every_budget_is_kept_holds():
    session, told = played("good")
    assert session.held
    assert told == [("good", "working")]
    assert session.notes == ("good: look here",)


def test_a_missed_budget_does_not_hold():
    session, _ = played("good", "slow")
    assert not session.held
    assert session.missed == ("slow_one",)


def test_what_cannot_be_measured_does_not_hold_up_the_others_and_does_not_hold():
    session, _ = played("broken", "good")
    assert session.failures["broken"].startswith("It did not start. Look at its log. Logs are kept")
    assert "good_one" in session.figures
    assert not session.held


def test_only_the_logs_of_a_failed_benchmark_are_left():
    benchmarks = Benchmarks()
    session, _ = played("good", "broken", benchmarks=benchmarks)
    good, broken = benchmarks.folders
    assert not good.exists()
    assert str(broken) in session.failures["broken"]
    assert broken.is_dir()


def test_nothing_is_left_of_a_benchmark_that_was_interrupted(monkeypatch):
    benchmarks = Benchmarks()
    monkeypatch.setattr(Setting, "many", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        played("slow", benchmarks=benchmarks)
    assert not [folder for folder in benchmarks.folders if folder.exists()]


def test_a_quick_session_asks_for_less():
    assert played("slow")[0].figures["slow_one"].value == 9
    assert played("slow", quick=True)[0].figures["slow_one"].value == 3


def test_json_has_the_figures_by_name():
    plain = played("good")[0].model_dump(mode="json")
    assert plain["figures"]["good_one"]["value"] == 1.0
    assert plain["machine"]["cores"] == 2


def test_names_are_played_in_the_house_order_and_all_without_any():
    assert chosen(("load", "start")) == ("start", "load")
    assert chosen(()) == NAMES
    with pytest.raises(UnknownName, match=r"no benchmark 'speed'.*start"):
        chosen(("speed",))


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_has_its_function(name):
    assert callable(benchmark(name))


@pytest.mark.parametrize(("load", "busy"), [(0.2, False), (0.5, False), (0.6, True), (7, True)])
def test_a_machine_on_which_others_work_is_busy(load, busy):
    assert MACHINE.model_copy(update={"load": load}).busy is busy


def test_this_machine_is_described_in_one_line():
    text = this_machine().describe()
    assert "cores" in text
    assert "load average" in text
    assert "\n" not in text
