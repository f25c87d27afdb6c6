"""The catalogue is right, and says all that is wrong with one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstack_lab.cli.known import known
from obstack_lab.errors import ScenarioError, UnknownName
from obstack_lab.orchestrator.criterion import Target
from obstack_lab.orchestrator.faults.catalogue import Fault, catalogue
from obstack_lab.orchestrator.faults.catalogue.loader import HERE, load
from sut.release import RELEASES

FAULTS = catalogue().faults
STANDARD = (HERE / "standard.yaml").read_text("utf-8")
GOOD = """
faults:
  - id: slow-inventory
    row: 48
    title: Inventory answers late
    mechanism: Bytes take longer.
    level: beginner
    mitigation: wait
    inject:
      - driver: network
        params: {route: orders-inventory, type: latency, latency: 800}
    signal: {query: up, silent: "< 1", shows: ">= 1"}
"""


def write(folder: Path, text: str) -> Path:
    (folder / "standard.yaml").write_text(STANDARD)
    (folder / "faults.yaml").write_text(text)
    return folder


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(write(folder, text))
    return [str(problem) for problem in caught.value.problems]


def test_a_fault_is_found_by_its_id() -> None:
    assert catalogue().get("slow-inventory").row == 48
    with pytest.raises(UnknownName, match="no-such"):
        catalogue().get("no-such")


def test_chosen_faults_come_in_the_order_of_their_rows() -> None:
    chosen = catalogue().chosen(["slow-inventory", "wrong-port"])
    assert [fault.id for fault in chosen] == ["wrong-port", "slow-inventory"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_what_shows_is_never_silent(fault: Fault) -> None:
    """The gap between the two is the least effect."""
    silent, shows = Target.parse(fault.signal.silent), Target.parse(fault.signal.shows)
    assert not silent.met(shows.value)
    assert not shows.met(silent.value) or silent.value == shows.value


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_names_services_releases_and_settings_that_exist(fault: Fault) -> None:
    assert set(fault.services) <= set(RELEASES)
    assert set(fault.instances) | set(fault.config) <= set(fault.services)
    setting = known().setting
    assert setting is not None
    for service, settings in fault.config.items():
        assert [
            why for name, value in settings.items() if (why := setting(service, name, value))
        ] == []
    for part in fault.inject:
        service = part.params.get("service")
        assert service is None or service in fault.services
        if part.driver == "release":
            assert part.params["release"] in RELEASES[str(service)]
        if part.driver == "config":
            wanted = {name: value for name, value in part.params.items() if name != "service"}
            wrong = [setting(str(service), name, value) for name, value in wanted.items()]
            assert wrong == [""] * len(wanted)


def test_a_good_catalogue_is_read(tmp_path: Path) -> None:
    (fault,) = load(write(tmp_path, GOOD)).faults
    assert fault.signal.unit == "count"


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    bad = GOOD.replace("row: 48", "row: 76").replace("latency: 800", "speed: 8")
    bad += GOOD.replace("faults:\n", "").replace("driver: network", "driver: gremlin")
    found = mistakes(tmp_path, bad)
    assert any(line.startswith("faults.yaml:4: faults[0].row: ") for line in found)
    assert any("faults[0].inject[0].params: the driver 'network' refuses" in line for line in found)
    assert any("there is no driver 'gremlin'" in line for line in found)
    assert any("'slow-inventory' stands twice" in line for line in found)


def test_an_unknown_key_is_told_with_those_there_are(tmp_path: Path) -> None:
    (found,) = mistakes(
        tmp_path, GOOD.replace("mitigation:", "mitigations:") + "    mitigation: x\n"
    )
    assert "unknown key 'mitigations'" in found
    assert "did you mean 'mitigation'" in found


def test_a_file_that_is_no_catalogue_is_told(tmp_path: Path) -> None:
    assert "expected a list of faults" in mistakes(tmp_path, "faults: 7\n")[0]


def test_the_standard_load_walks_every_kind_of_request() -> None:
    steps = {step for journey in catalogue().standard.load.journeys for step in journey.steps}
    assert {"catalogue", "product", "quote", "place-order", "read-order", "report"} <= steps
