"""How punctual the load is, and what a request costs; Locust beside it on the same target."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from obstack_lab.bench import child
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure, percentile
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import EngineError
from obstack_lab.load.lateness import ON_TIME
from obstack_lab.load.ledger import LedgerEntry
from obstack_lab.scenario.model import Journey, Load, LoadPhase, Objective

RATE = 300.0
_USERS = 600
_WARM_UP = 2.0
_MAKERS = ("HttpUser", "FastHttpUser")
_PEER = Path(__file__).parent / "peer" / "locust_users.py"


def measure(setting: Setting) -> Measured:
    """Send 300 requests a second to a trivial target for a while."""
    seconds = setting.many(30, 5)
    port = child.free_port()
    url = f"http://127.0.0.1:{port}"
    notes: list[str] = []
    argv = (sys.executable, "-m", "obstack_lab.bench.target", "--port", str(port))
    with child.running(argv, log=setting.folder / "target.log") as target:
        child.await_answer(f"{url}/reports/daily", target)
        setting.tell("our load")
        late, cost = _ours(setting.folder, url, seconds)
        peers: dict[str, tuple[list[float], float]] = {}
        if python := child.python_with("locust"):
            for maker in _MAKERS:
                setting.tell(f"Locust's {maker}")
                peers[maker] = _locust(python, maker, url, seconds)
        else:
            notes.append(child.how_to_get("locust"))
    return Measured(_figures(late, cost, peers), tuple(notes))


def _figures(
    late: list[float], cost: float, peers: dict[str, tuple[list[float], float]]
) -> dict[str, Figure]:
    def beside(of: Any) -> dict[str, float]:
        return {f"Locust {maker}": of(*result) for maker, result in peers.items()}

    return {
        "load_on_time": figure(
            f"arrivals within 5 ms of their schedule at {RATE:.0f}/s",
            [_on_time(late)],
            "ratio",
            n=len(late),
            budget=BUDGETS["load_on_time"],
            beside=beside(lambda found, _: _on_time(found)),
        ),
        "load_lateness": figure(
            "lateness of an arrival, 99th percentile",
            [value * 1000 for value in late],
            "ms",
            of="p99",
            beside=beside(lambda found, _: percentile(found, 0.99) * 1000),
        ),
        "load_cpu_per_request": figure(
            "processor time of a request",
            [cost * 1000],
            "ms",
            n=len(late),
            beside=beside(lambda _, spent: spent * 1000),
        ),
    }


def _on_time(late: list[float]) -> float:
    return sum(value <= ON_TIME for value in late) / len(late)


def _ours(folder: Path, url: str, seconds: float) -> tuple[list[float], float]:
    """Return how late each arrival was, and seconds of processor time a request."""
    ledger = folder / "ledger.jsonl"
    argv = [sys.executable, "-m", "obstack_lab.load", "--ledger", str(ledger)]
    epoch = time.time()
    start = {
        "op": "start",
        "target": url,
        "load": Load(
            seed=1,
            users=_USERS,
            journeys=(Journey(id="report", weight=1, steps=("report",)),),
            phases=(LoadPhase(pattern="steady", rate=RATE),),
        ).model_dump(mode="json"),
        "objective": Objective(success_ratio=0.99, latency=1, patience=2).model_dump(mode="json"),
        "epoch": epoch,
    }
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        process.stdin.write(json.dumps(start).encode() + b"\n")
        process.stdin.flush()
        time.sleep(_WARM_UP + seconds)
        printed, _ = process.communicate(timeout=10)
    finally:
        child.end(process)
    statuses = [json.loads(line) for line in printed.splitlines()]
    if len(statuses) < 4:
        raise EngineError("The load gave no status; look at `./lab doctor`.", component="load")
    first, last = statuses[int(_WARM_UP)], statuses[-2]
    sent = last["sent"] - first["sent"]
    late = [
        entry.sent - entry.intended
        for entry in map(LedgerEntry.model_validate_json, ledger.read_bytes().splitlines())
        if entry.sent is not None and entry.intended - epoch >= _WARM_UP
    ]
    if not late or not sent:
        raise EngineError("The load sent nothing; look at `./lab doctor`.", component="load")
    return late, (last["cpu_seconds"] - first["cpu_seconds"]) / sent


def _locust(python: str, maker: str, url: str, seconds: float) -> tuple[list[float], float]:
    argv = [python, str(_PEER), maker, url, str(int(RATE)), str(seconds), str(_WARM_UP)]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=seconds + 60, check=False, cwd=_PEER.parent
    )
    if done.returncode:
        raise EngineError(f"Locust's {maker} failed: {done.stderr.strip()[-300:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["late"], answer["cpu_seconds"] / len(answer["late"])
