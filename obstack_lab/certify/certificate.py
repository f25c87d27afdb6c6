"""The certificate: proof that a scenario works, and of what exactly it was proved."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from obstack_lab.certify.judge import Judgement
from obstack_lab.orchestrator.fingerprint import fingerprint
from obstack_lab.scenario.model import Scenario
from obstack_lab.settings import resources

FILE = "certificate.json"


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
