"""The certificate: proof that a scenario works, and of what exactly it was proved."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from obstack_lab.certify.judge import Judgement
from obstack_lab.scenario.model import Scenario
from obstack_lab.settings import resources

FILE = "certificate.json"
_PACKAGE = Path(__file__).parents[1]


class Certificate(BaseModel):
    """Stored beside the scenario as `certificate.json`."""

    model_config = ConfigDict(frozen=True)

    scenario: str
    certified: bool
    seeds: tuple[int, ...]
    depends_on: str
    """hash of what the proof depends on"""
    made_on: str
    modes: dict[str, tuple[Judgement, ...]]
    """one judgement a seed"""


def dependencies(scenario: Scenario) -> tuple[Path, ...]:
    """Return the files that the proof depends on: scenario, fault drivers, releases, rules."""
    root = resources()
    drivers = sorted({e.inject.driver for e in scenario.timeline if e.inject})
    import sut

    services = Path(sut.__file__).parent
    files = [
        root / "scenarios" / scenario.id / "scenario.yaml",
        *(_PACKAGE / "orchestrator" / "faults" / f"{driver}.py" for driver in drivers),
        *(
            file
            for name in scenario.services
            for file in (services / name).rglob("*")
            if file.suffix in {".py", ".sql"}
        ),
        *(file for name in scenario.services for file in services.glob(f"releases/{name}_*.py")),
        *(root / "stack" / "prometheus" / "rules").glob("*.yml"),
    ]
    return tuple(sorted(file for file in files if file.is_file()))


def fingerprint(scenario: Scenario) -> str:
    """Return the hash of the dependencies' contents; the same on every machine."""
    digest = hashlib.sha256()
    for file in dependencies(scenario):
        digest.update(f"{file.parent.name}/{file.name}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def path_of(scenario: str) -> Path:
    """Return where a scenario's certificate lies."""
    return resources() / "scenarios" / scenario / FILE


def read(scenario: str) -> Certificate | None:
    """Return the stored certificate, or None."""
    try:
        return Certificate.model_validate_json(path_of(scenario).read_bytes())
    except (OSError, ValueError):
        return None


def is_valid(scenario: Scenario) -> bool:
    """Return whether a certificate is stored that still proves this scenario."""
    stored = read(scenario.id)
    return bool(stored and stored.certified and stored.depends_on == fingerprint(scenario))


def store(certificate: Certificate) -> Path:
    """Write a certificate beside its scenario."""
    target = path_of(certificate.scenario)
    target.write_text(certificate.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return target
