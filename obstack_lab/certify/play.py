"""One unattended play of a scenario: baseline, incident, the steps of an operator, the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from obstack_lab.errors import EngineError, LabDown, UsageError
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import RunView, Snapshot
from obstack_lab.scenario.model import Step

BASELINE_SECONDS = 15.0
"""How long users are watched before the incident begins: the `before` of every figure."""
BASELINE_LIMIT = 90.0
"""Seconds within which the healthy system's criteria must pass."""


class Hand(Protocol):
    """Whoever carries out a step of the script."""

    def __call__(self, client: Client, run: str, step: Step) -> str:
        """Do it; return what came of it in one line."""


@dataclass(frozen=True)
class Script:
    """What to play, and when it is over.

    `gate` and `Step.at` are seconds since the incident began, divided by `speed`; `until` ends
    the play early, once every step is taken.
    """

    scenario: str
    gate: float
    steps: tuple[Step, ...] = ()
    until: Callable[[RunView], bool] = lambda _: False
    seed: int | None = None
    speed: float = 1.0
    incident: bool = True


@dataclass(frozen=True)
class Played:
    """What came of a play."""

    run: RunView
    last: Snapshot
    early: bool
    """`until` held before the gate"""
    steps: tuple[str, ...] = field(default=())


def well(snapshot: Snapshot) -> bool:
    """Return whether every criterion passes."""
    return bool(snapshot.criteria) and all(c.verdict == "pass" for c in snapshot.criteria)


def by_toolkit(client: Client, run: str, step: Step) -> str:
    """Take a step as the learner would; a refusal is a result, too."""
    try:
        done = client.act(step.action, run, **step.params)
    except (UsageError, EngineError) as error:
        return f"{step.action}: refused: {error}"
    return f"{step.action}: {done.result}"


def play(
    client: Client,
    script: Script,
    *,
    watch: Callable[[Snapshot], None] = lambda _: None,
    hand: Hand = by_toolkit,
) -> Played:
    """Play a script from its baseline to its end; the run is finished whatever happens."""
    run = client.create_run(script.scenario, seed=script.seed, speed=script.speed)
    try:
        return _play(client, run.id, script, watch, hand)
    finally:
        with suppress(UsageError, LabDown):
            client.finish(run.id)


def _play(
    client: Client,
    run: str,
    script: Script,
    watch: Callable[[Snapshot], None],
    hand: Hand,
) -> Played:
    waiting = sorted(script.steps, key=lambda step: step.at)
    results: list[str] = []
    began: float | None = None
    early = False
    for snapshot in client.events():
        now = snapshot.run
        if now is None or now.id != run:
            continue
        watch(snapshot)
        if began is None:
            if _baseline_over(now, snapshot, script):
                began = now.now
                if script.incident:
                    client.start(run)
            continue
        elapsed = (now.now - began) * script.speed
        results += _take_due(client, run, waiting, elapsed, hand)
        early = not waiting and script.until(now)
        if early or elapsed >= script.gate or now.phase == "ended":
            client.finish(run)
            return Played(run=client.run(run), last=snapshot, early=early, steps=tuple(results))
    raise LabDown


def _baseline_over(run: RunView, snapshot: Snapshot, script: Script) -> bool:
    waited = run.now - run.created_at
    if waited > BASELINE_LIMIT:
        raise EngineError(
            "The healthy system did not satisfy its criteria within "
            f"{BASELINE_LIMIT:.0f} s. Is the machine busy? Look at `./lab status --resources`."
        )
    return waited >= BASELINE_SECONDS / script.speed and well(snapshot)


def _take_due(
    client: Client, run: str, waiting: list[Step], elapsed: float, hand: Hand
) -> Sequence[str]:
    results = []
    while waiting and waiting[0].at <= elapsed:
        results.append(hand(client, run, waiting.pop(0)))
    return results
