"""What a benchmark's kernel runs: a desk that gets a full snapshot again and again."""

from __future__ import annotations

import json
import time
from pathlib import Path

from obstack_lab.bench.full_desk import snapshot
from obstack_lab.lab import Lab
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.panels import Desk
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

_FLUSH = 0.02
"""Seconds after each refresh in which the kernel's other threads send what it left them."""


def refresh(url: str, rounds: int, result: Path) -> None:
    """Write the seconds of processor time that each refresh took, as a JSON list.

    `url` answers the questions of the overview. Half of the refreshes draw its charts, too.
    """
    state = LabState(
        lab_id="0", pid=1, pid_started=0, url=url, token="", engine="embedded", started_at=0
    )
    lab = Lab(LabHome(result.parent), state)
    seconds = [0]
    desk = Desk(lab, clock=lambda: float(seconds[0]))
    texts = [snapshot(turn).model_dump_json() for turn in range(rounds)]
    spent = []
    for text in texts:
        seconds[0] += 1
        began = time.process_time()
        desk.publish(Snapshot.model_validate_json(text))
        time.sleep(_FLUSH)
        spent.append(time.process_time() - began)
    result.write_text(json.dumps({"spent": spent, "bytes": len(texts[0])}), encoding="utf-8")
