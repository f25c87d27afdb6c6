"""What is told of components that die or come back on nobody's order."""

from __future__ import annotations

from obstack_lab.engine.interface import Component, ComponentState
from obstack_lab.orchestrator.watch import Watch


def told(*states: ComponentState) -> list[str]:
    watch = Watch()
    looks = [
        watch.look([Component(name="orders", kind="service", state=state)], frozenset())
        for state in states
    ]
    return [what for look in looks for _, what in look]


def test_one_that_has_never_been_well_becomes_so_without_a_word() -> None:
    assert told("unhealthy", "unhealthy", "healthy") == []


def test_one_that_was_well_is_told_of_both_ways() -> None:
    assert told("healthy", "unhealthy", "healthy") == ["unhealthy", "is healthy again"]
    assert told("unhealthy", "healthy", "stopped") == ["stopped"]


def test_one_that_fails_before_it_was_seen_well_is_told_of() -> None:
    assert told("unhealthy", "failed", "healthy") == ["failed", "is healthy again"]
