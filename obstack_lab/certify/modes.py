"""The ways in which a scenario is played before it ships (design.md rule 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from obstack_lab.certify.battery import HAND, battery
from obstack_lab.certify.play import Hand, Script, by_toolkit
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.views import RunView
from obstack_lab.scenario.model import Scenario, Solution

Kind = Literal["healthy", "no_action", "reference", "alternative", "cheat"]
HEALTHY_SECONDS = 30.0


@dataclass(frozen=True)
class Mode:
    """One way to play; `rough` modes leave a lab that must be started afresh."""

    name: str
    kind: Kind
    script: Script
    hand: Hand = by_toolkit
    rough: bool = False


def modes(scenario: Scenario, *, seed: int | None = None, speed: float = 1) -> tuple[Mode, ...]:
    """Return every mode of a scenario, in the order in which they are played."""

    def script(gate: float = scenario.certify.gate, **more: object) -> Script:
        return Script(scenario=scenario.id, gate=gate, seed=seed, speed=speed, **more)  # type: ignore[arg-type]  # keywords of Script, checked by every caller below

    def solved(name: str, kind: Kind, solution: Solution) -> Mode:
        phases = {"resolved"} if solution.resolves else {"mitigated", "resolved"}

        def over(run: RunView) -> bool:
            return run.phase in phases

        return Mode(name, kind, script(steps=solution.steps, until=over))

    found = [
        Mode("healthy", "healthy", script(gate=HEALTHY_SECONDS, incident=False)),
        Mode("no_action", "no_action", script()),
        solved("reference", "reference", scenario.solutions.reference),
    ]
    found += [
        solved(f"alternative:{name}", "alternative", solution)
        for name, solution in scenario.solutions.alternatives.items()
    ]
    found += [
        Mode(f"cheat:{name}", "cheat", script(steps=cheat.steps))
        for name, cheat in scenario.cheats.items()
    ]
    found += [
        Mode(f"cheat:{name}", "cheat", script(steps=cheat.steps), hand=HAND, rough=True)
        for name, cheat in battery(scenario).items()
    ]
    return tuple(found)


def chosen(all_modes: tuple[Mode, ...], names: Iterable[str]) -> tuple[Mode, ...]:
    """Return the modes of these names; a kind (`cheat`) stands for all of its modes."""
    wanted = set(names)
    known = {mode.name for mode in all_modes} | {mode.kind for mode in all_modes}
    for name in wanted - known:
        raise UnknownName("mode", name, tuple(mode.name for mode in all_modes))
    return tuple(mode for mode in all_modes if wanted & {mode.name, mode.kind})
