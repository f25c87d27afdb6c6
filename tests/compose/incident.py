"""One incident and its reference fix, played on an engine: what both engines must do alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from obstack_lab.engine.choice import EngineName
from obstack_lab.lab.session import Lab
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.scenario.library import library
from obstack_lab.settings import LabHome

SCENARIO = "checkout-stalls"
SEED = 7


@dataclass(frozen=True)
class Played:
    """What a play of the incident was like, without its times."""

    verdicts: Mapping[str, str]
    actions: tuple[str, ...]
    columns: Mapping[str, frozenset[str]]
    """By evidence: what a frame of metrics or traces has."""
    fields: Mapping[str, frozenset[str]]
    """By message, else by evidence: what log lines have; which ones come is a matter of time."""
    outcome: str | None


def play(home: LabHome, engine: EngineName) -> Played:
    """Play the incident with its reference fix; the lab goes on."""
    state = daemon.launch(home, engine=engine, timeout=180)
    assert state.engine == engine
    with Client(state) as client, Lab(home, state) as lab:
        client.create_run(SCENARIO, seed=SEED)
        watch(client, well, 240)
        client.start()
        watch(client, lambda s: any(c.verdict == "fail" for c in s.criteria), 180)
        watch(client, lambda s: any(a.state == "firing" for a in s.alerts), 180)
        assert client.logs("orders")
        actions = tuple(f"{each.action} {each.service}" for each in client.toolkit())
        evidence = library().get(SCENARIO).scenario.evidence
        frames = {each.id: _ask(lab, each.language, each.query) for each in evidence}
        logs = [each.id for each in evidence if each.language == "logql"]
        done = client.act("rollback", service="orders")
        assert (done.ok, done.before, done.after) == (True, "1.5.0", "1.4.2")
        last = watch(client, lambda s: s.run is not None and s.run.phase == "resolved", 180)
        return Played(
            verdicts={each.id: each.verdict for each in last.criteria},
            actions=actions,
            columns={
                name: frozenset(frame.columns) for name, frame in frames.items() if name not in logs
            },
            fields={
                message: frozenset(lines.dropna(axis="columns", how="all").columns)
                for name in logs
                for message, lines in _by_message(frames[name], name)
            },
            outcome=client.finish().outcome,
        )


def well(snapshot: Snapshot) -> bool:
    return bool(snapshot.criteria) and all(c.verdict == "pass" for c in snapshot.criteria)


def _ask(lab: Lab, language: str, query: str) -> pd.DataFrame:
    ask = {"promql": lab.promql, "logql": lab.logql, "traceql": lab.traceql}[language]
    return ask(query)


def _by_message(frame: pd.DataFrame, name: str) -> Iterable[tuple[str, pd.DataFrame]]:
    return frame.groupby("message") if "message" in frame else [(name, frame)]


def watch(client: Client, until: Callable[[Snapshot], bool], seconds: float) -> Snapshot:
    run = client.run().id
    deadline = time.monotonic() + seconds
    for snapshot in client.events():
        if snapshot.run is not None and snapshot.run.id == run:
            if until(snapshot):
                return snapshot
            assert time.monotonic() < deadline, snapshot.criteria
    raise AssertionError("the stream of events ended")
