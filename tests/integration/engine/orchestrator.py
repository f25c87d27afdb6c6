"""Stands in for the orchestrator: starts an engine, says so, and waits to be killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from obstack_lab.engine.embedded import EmbeddedEngine
from obstack_lab.engine.interface import Stack
from obstack_lab.settings import LabHome

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})

if __name__ == "__main__":
    engine = EmbeddedEngine(LabHome(Path(sys.argv[1])), sys.argv[2])
    engine.start(STACK, lambda _: None)
    pids = {each.name: each.pid for each in engine.components()}
    sys.stdout.write(json.dumps(pids) + "\n")
    sys.stdout.flush()
    if sys.stdin.readline().strip() == "stop":
        engine.stop()
