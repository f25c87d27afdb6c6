"""Plays a scenario in its modes, one after the other, and says whether it may ship."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol

from obstack_lab.certify.certificate import Certificate
from obstack_lab.certify.judge import Case, Figures, Judgement, Watch, judge
from obstack_lab.certify.modes import Mode
from obstack_lab.certify.play import Played, play
from obstack_lab.errors import LabError
from obstack_lab.load.impact import impact_between
from obstack_lab.load.ledger import LedgerEntry
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.fingerprint import fingerprint
from obstack_lab.scenario.model import Scenario

AFTER_SECONDS = 5.0
"""The end of a play whose success ratio is called `after`."""
TOO_LATE_MS = 50.0
"""Arrivals sent later than this at the 99th percentile: the machine is too busy to be believed."""
PLAYS = 2
"""A play on a machine too busy is played again, so often in all."""


class Stage(Protocol):
    """Where plays take place."""

    def client(self) -> Client:
        """Return a client of a healthy lab."""

    def clear(self) -> None:
        """Start the lab afresh, after a play that broke components."""

    def ledger(self, run: str) -> Sequence[LedgerEntry]:
        """Return every intended request of a run."""


Tell = Callable[[str, int, Judgement | None], None]
"""Hears of a mode and a seed when it begins (None) and when it is judged; from several threads."""


def certify(
    stages: Sequence[Stage],
    scenario: Scenario,
    modes: Callable[[int], Sequence[Mode]],
    *,
    seeds: Sequence[int],
    tell: Tell = lambda *_: None,
) -> Certificate:
    """Play every mode on every seed and return the certificate; it is not stored yet.

    Seeds are shared out over the stages; each stage plays one mode after the other.
    """
    free: SimpleQueue[Stage] = SimpleQueue()
    for stage in stages:
        free.put(stage)

    def play_seed(seed: int) -> dict[str, Judgement]:
        stage = free.get()
        try:
            return {mode.name: _judged(stage, scenario, mode, seed, tell) for mode in modes(seed)}
        finally:
            free.put(stage)

    with ThreadPoolExecutor(len(stages), thread_name_prefix="certify") as pool:
        by_seed = list(pool.map(play_seed, seeds))
    judged = {name: tuple(one[name] for one in by_seed) for name in by_seed[0]}
    return Certificate(
        scenario=scenario.id,
        certified=bool(judged) and all(j.verdict == "pass" for js in judged.values() for j in js),
        seeds=tuple(seeds),
        depends_on=fingerprint(scenario),
        made_on=dt.datetime.now(dt.UTC).date().isoformat(),
        modes=judged,
    )


def _judged(stage: Stage, scenario: Scenario, mode: Mode, seed: int, tell: Tell) -> Judgement:
    """Play until the machine was quiet enough to believe it, or PLAYS are over."""
    for _ in range(PLAYS):
        tell(mode.name, seed, None)
        judgement = _judgement(stage, scenario, mode)
        tell(mode.name, seed, judgement)
        if mode.rough:
            stage.clear()
        if not _left_late(judgement):
            break
    return judgement


def _judgement(stage: Stage, scenario: Scenario, mode: Mode) -> Judgement:
    watch = Watch(scenario)
    try:
        played = play(stage.client(), mode.script, watch=watch.see, hand=mode.hand)
    except LabError as error:
        return Judgement(
            verdict="fail", reason=f"it could not be played: {error}", figures=Figures()
        )
    figures = measure(watch, played, stage.ledger(played.run.id), scenario)
    return judge(Case(mode, scenario, watch, played), figures)


def measure(
    watch: Watch, played: Played, ledger: Sequence[LedgerEntry], scenario: Scenario
) -> Figures:
    """Return the figures of one play, counted from its ledger."""
    run = played.run
    ended = run.ended_at or run.now
    began = run.started_at or ended
    patience = scenario.objective.patience
    calm = run.mitigated_at or max(began, ended - patience - AFTER_SECONDS)

    def ratio(start: float, end: float) -> float | None:
        return impact_between(ledger, start, end).success_ratio

    during = impact_between(ledger, began, ended)
    late = sorted(entry.sent - entry.intended for entry in ledger if entry.sent is not None)
    return Figures(
        success_before=ratio(run.created_at, began),
        success_during=ratio(began, calm),
        success_after=ratio(calm, ended),
        seconds_to_red=_rounded(watch.red),
        seconds_to_fail=_rounded(watch.fail),
        seconds_to_alert=_rounded(max(watch.alerts.values(), default=None)),
        seconds_to_green=_rounded(watch.green),
        users_affected=during.users_affected,
        requests_lost=during.requests_lost,
        alerts=tuple(sorted(watch.alerts)),
        phase=played.last.run.phase if played.last.run else run.phase,
        late_ms_p99=round(late[int(len(late) * 0.99)] * 1000, 1) if late else None,
        steps=played.steps,
    )


def too_busy(certificate: Certificate) -> bool:
    """Return whether the machine was too busy during the plays to trust their verdicts."""
    return any(_left_late(j) for judgements in certificate.modes.values() for j in judgements)


def _left_late(judgement: Judgement) -> bool:
    return (judgement.figures.late_ms_p99 or 0) > TOO_LATE_MS


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
