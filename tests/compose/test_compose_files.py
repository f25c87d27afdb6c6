"""What Compose itself says of the stack's file, in every profile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docker_engine import Engine

ROOT = Path(__file__).parents[2]
FILE = ROOT / "stack" / "compose.yaml"
PROFILES = (("light",), ("full",), ("light", "pager"))


@pytest.fixture(params=PROFILES, ids="+".join)
def services(engine: Engine, request: pytest.FixtureRequest) -> dict[str, dict[str, object]]:
    """The services of a profile, as Compose understands them."""
    chosen = [word for profile in request.param for word in ("--profile", profile)]
    words = ("compose", "-f", str(FILE), *chosen, "config", "--format", "json")
    found: dict[str, dict[str, object]] = json.loads(engine.docker(*words))["services"]
    return found


def test_compose_accepts_the_profile_and_every_container_is_locked(
    services: dict[str, dict[str, object]],
) -> None:
    assert services
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["restart"] == "no", name
        assert ":" in str(service["image"]), "a pinned tag"
        assert "ports" not in service, "the lab chooses ports, on the loopback"
        assert service["user"] not in {"", "0", "0:0", "root"}, name


def test_no_password_stands_in_the_file(services: dict[str, dict[str, object]]) -> None:
    told = services["postgres"]["environment"]
    assert isinstance(told, dict)
    assert told["POSTGRES_PASSWORD"] == ""
