"""Every scenario that ships has a certificate, and it proves the scenario as it is now."""

from __future__ import annotations

import pytest

from obstack_lab.certify.certificate import path_of, read
from obstack_lab.certify.modes import modes
from obstack_lab.orchestrator.fingerprint import fingerprint
from obstack_lab.scenario.library import library

SEEDS = 3

pytestmark = pytest.mark.parametrize("name", library().ids())


def how_to_get_one(name: str) -> str:
    return f"run `./lab scenarios certify {name} --seeds {SEEDS}`"


def test_it_is_certified_as_it_is_now(name: str) -> None:
    stored = read(name)
    assert stored is not None, f"no certificate at {path_of(name)}: {how_to_get_one(name)}"
    assert stored.scenario == name
    assert stored.certified
    assert stored.depends_on == fingerprint(library().get(name).scenario), (
        f"{name}, or what its proof depends on, has changed: {how_to_get_one(name)}"
    )


def test_it_holds_in_every_mode_on_three_seeds(name: str) -> None:
    stored = read(name)
    assert stored is not None, how_to_get_one(name)
    assert len(set(stored.seeds)) >= SEEDS, how_to_get_one(name)
    assert set(stored.modes) == {mode.name for mode in modes(library().get(name).scenario)}
    for mode, judgements in stored.modes.items():
        assert len(judgements) == len(stored.seeds), mode
        assert {judgement.verdict for judgement in judgements} == {"pass"}, mode
