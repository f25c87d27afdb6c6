"""The page about the system under test names everything that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sut.config import allowed_range
from sut.exporter.host import HELPS as HOST_METRICS
from sut.exporter.processes import HELPS as PROCESS_METRICS
from sut.exporter.statement import statements
from sut.gateway.metrics import GatewayMetrics
from sut.metrics import Metrics
from sut.release import RELEASES, find_release

PAGE = (Path(__file__).parents[3] / "docs" / "system-under-test.md").read_text(encoding="utf-8")
SETTINGS = sorted(
    {
        (name, str(field.default), allowed_range(model, name))
        for service, releases in RELEASES.items()
        for model in [find_release(service, releases[-1]).SETTINGS]
        for name, field in model.model_fields.items()
    }
)


@pytest.mark.parametrize(("name", "default", "allowed"), SETTINGS)
def test_every_setting_is_on_the_page(name: str, default: str, allowed: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    assert allowed in row
    assert default in row


def test_every_release_is_on_the_page() -> None:
    for service, releases in RELEASES.items():
        assert f"`{service}`" in PAGE
        assert all(f"| {release} |" in PAGE for release in releases)


def test_every_metric_is_on_the_page() -> None:
    registry = Metrics().registry
    GatewayMetrics(registry)
    families = [family.name for family in registry.collect()]
    missing = [name for name in families if not name.startswith("process_") and name not in PAGE]
    assert families
    assert not missing


def test_every_metric_of_the_exporter_is_on_the_page() -> None:
    told = [name for statement in statements() for name in statement.helps]
    told += [*HOST_METRICS, *PROCESS_METRICS]
    assert [name for name in told if f"`{name}`" not in PAGE] == []
