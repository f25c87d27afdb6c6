"""One incident and its reference fix, played on an engine: what both engines must do alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from waiting import watch

from obstack_lab.certify.play import well
from obstack_lab.engine.choice import EngineName
from obstack_lab.lab.session import Lab
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
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
    """By evidence: what a frame of metrics or traces has. Those of log lines are not compared: they
    follow from which lines came, and that is a matter of time."""
    outcome: str | None


def play(home: LabHome, engine: EngineName, *, paged: bool = False) -> Played:
    """Play the incident with its reference fix, with Alertmanager or without; the lab goes on."""
    state = daemon.launch(home, engine=engine, alertmanager=paged, timeout=180)
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
        columns = {
            each.id: frozenset(_ask(lab, each.language, each.query).columns)
            for each in evidence
            if each.language != "logql"
        }
        done = client.act("rollback", service="orders")
        assert (done.ok, done.before, done.after) == (True, "1.5.0", "1.4.2")
        last = watch(client, lambda s: s.run is not None and s.run.phase == "resolved", 180)
        return Played(
            verdicts={each.id: each.verdict for each in last.criteria},
            actions=actions,
            columns=columns,
            outcome=client.finish().outcome,
        )


def _ask(lab: Lab, language: str, query: str) -> pd.DataFrame:
    ask = {"promql": lab.promql, "logql": lab.logql, "traceql": lab.traceql}[language]
    return ask(query)
