"""One fault of the catalogue on a real lab: healthy, seen, cleared, healthy again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from obstack_lab.orchestrator.faults.catalogue import catalogue
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.settings import LabHome
from obstack_lab.verify import trial
from obstack_lab.verify.stage import OwnLab
from obstack_lab.verify.trial import Trial

pytestmark = pytest.mark.integration


@pytest.fixture
def stage(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OwnLab]:
    monkeypatch.setattr(trial, "WARM_UP", 5.0)
    stage = OwnLab(LabHome(tmp_path_factory.mktemp("verify")), catalogue().standard)
    yield stage
    stage.close()


def test_a_fault_is_seen_and_goes(stage: OwnLab) -> None:
    found = Trial(stage, catalogue().get("gateway-timeout"), 1, DRIVERS).play()
    assert found.holds, found.reason
    assert found.under is not None
    assert found.baseline is not None
    assert found.under > found.baseline
    assert (found.residual_under, found.residual_after) == (True, False)
