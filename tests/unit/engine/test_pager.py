"""Whom Alertmanager is told to tell, checked by its own tool where that is installed."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.alertmanager import Alertmanager
from obstack_lab.engine.embedded.engine import EmbeddedEngine
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.programs import find_alertmanager
from obstack_lab.engine.embedded.prometheus import Prometheus
from obstack_lab.engine.pager import Pager
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import MissingProgram
from obstack_lab.settings import LabHome, resources

SET = {
    "OBSTACK_LAB_SLACK_URL": "http://127.0.0.1:2/services/T0/B0/secret",
    "OBSTACK_LAB_PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef",
    "OBSTACK_LAB_PAGERDUTY_URL": "http://127.0.0.1:3/v2/enqueue",
}
TOKEN = "t0ken"
LAB = Callback("http://127.0.0.1:1", TOKEN)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    return Place(home, "cafe0001", lambda: 1000.0, RosterFile(home.private / FILE_NAME, "cafe0001"))


@pytest.fixture
def amtool() -> str:
    found = shutil.which("amtool")
    if found is None:
        pytest.skip("no amtool: apt install prometheus-alertmanager")
    return found


def told(pager: Pager) -> dict[str, set[str]]:
    """Return the kinds of channels of each receiver."""
    receivers = yaml.safe_load(pager.configuration())["receivers"]
    return {each.pop("name"): set(each) for each in receivers}


def test_the_lab_alone_is_told_unless_an_instructor_says_otherwise() -> None:
    assert told(Pager.of(LAB, {})) == {
        "pages": {"webhook_configs"},
        "tickets": {"webhook_configs"},
    }
    assert told(Pager.of(LAB, SET)) == {
        "pages": {"webhook_configs", "slack_configs", "pagerduty_configs"},
        "tickets": {"webhook_configs", "slack_configs"},
    }


@pytest.mark.parametrize("environ", [{}, SET], ids=["alone", "with Slack and PagerDuty"])
def test_amtool_accepts_what_is_written_and_routes_by_severity(
    environ: dict[str, str], amtool: str, tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(Pager.of(LAB, environ).configuration(), encoding="utf-8")
    checked = subprocess.run(
        [amtool, "check-config", str(file)], capture_output=True, text=True, timeout=30, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for severity, receiver in (("page", "pages"), ("ticket", "tickets"), ("other", "tickets")):
        route = ["config", "routes", "test", f"--config.file={file}", f"severity={severity}"]
        done = subprocess.run(
            [amtool, *route], capture_output=True, text=True, timeout=30, check=True
        )
        assert done.stdout.strip() == receiver


def test_every_severity_of_the_rules_has_a_receiver_on_purpose() -> None:
    severities = {
        rule["labels"]["severity"]
        for file in (resources() / "stack/prometheus/rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert severities == {"page", "ticket"}


def test_secrets_lie_where_the_owner_alone_can_read(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "prometheus-alertmanager"  # as Debian calls it
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    unit = Alertmanager(place, Pager.of(LAB, SET))
    command = unit._command()
    file = Path(command.argv[1].partition("=")[2])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert TOKEN not in " ".join(command.argv)
    assert not set(SET) & set(command.env)
    assert f"--web.listen-address={unit.listens}" in command.argv
    assert unit.listens.startswith("127.0.0.1:")
    assert "--cluster.listen-address=" in command.argv, "else it listens on every address"


def test_prometheus_is_told_who_to_tell_or_that_there_is_nobody(place: Place) -> None:
    prometheus = Prometheus(place)
    file = place.home.data / "prometheus" / "alertmanagers" / "lab.json"
    prometheus.notify("127.0.0.1:9")
    assert yaml.safe_load(file.read_text("utf-8")) == [{"targets": ["127.0.0.1:9"]}]
    prometheus.notify(None)
    assert yaml.safe_load(file.read_text("utf-8")) == []
    wanted = yaml.safe_load((resources() / "stack/prometheus/prometheus.yml").read_text("utf-8"))
    (manager,) = wanted["alerting"]["alertmanagers"]
    assert manager["file_sd_configs"][0]["files"] == ["alertmanagers/*.json"]


def test_a_missing_alertmanager_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("obstack_lab.engine.embedded.programs.shutil.which", lambda *_, **__: None)
    with pytest.raises(MissingProgram, match=r"apt install prometheus-alertmanager.*leave"):
        find_alertmanager(LabHome(tmp_path))


def test_a_lab_has_an_alertmanager_only_if_it_wants_one(place: Place) -> None:
    with_it = EmbeddedEngine(place.home, "cafe0001", pager=Pager.of(LAB, {}))
    without = EmbeddedEngine(place.home, "cafe0001")
    assert {c.name for c in with_it.components()} - {c.name for c in without.components()} == {
        "alertmanager"
    }
