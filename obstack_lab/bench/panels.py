"""What the desk costs the kernel that shows it, each second."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from obstack_lab.bench import child
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import figure
from obstack_lab.bench.full_desk import NOW, series
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.errors import EngineError

_ROUND = 0.5
"""Seconds that a refresh may take at most, on a busy machine."""


def measure(setting: Setting) -> Measured:
    """Refresh a full desk in a real kernel; the charts come from a trivial server."""
    rounds = setting.many(120, 20)
    body, result = setting.folder / "series.json", setting.folder / "spent.json"
    body.write_text(json.dumps(series(NOW)), encoding="utf-8")
    port = child.free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "obstack_lab.bench.target"]
    argv += ["--port", str(port), "--body", str(body)]
    with child.running(argv, log=setting.folder / "target.log") as target:
        child.await_answer(url, target)
        setting.tell(f"refreshing a full desk {rounds} times")
        _in_kernel(
            "from pathlib import Path\nfrom obstack_lab.bench.desk_cell import refresh\n"
            f"refresh({url!r}, {rounds}, Path({str(result)!r}))",
            seconds=60 + rounds * _ROUND,
        )
    answer = json.loads(result.read_bytes())
    # The first ones load what later ones find.
    spent = [seconds * 1000 for seconds in answer["spent"][4:]]
    return Measured(
        {
            "panels_refresh": figure(
                "a full desk with 400 users, refreshed once a second",
                spent,
                "ms",
                of="mean",
                budget=BUDGETS["panels_refresh"],
                note=f"a snapshot has {answer['bytes'] / 1000:.0f} kB",
            )
        }
    )


def _in_kernel(code: str, *, seconds: float) -> None:
    from jupyter_client.manager import KernelManager

    manager = KernelManager()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        began = time.monotonic()
        reply = client.execute_interactive(
            code, timeout=seconds, output_hook=lambda _: None, allow_stdin=False
        )
        client.stop_channels()
        content = reply["content"]
        if content["status"] != "ok":
            raise EngineError(f"The kernel failed: {content.get('evalue', 'no reason given')}")
        if time.monotonic() - began > seconds:
            raise EngineError(f"The kernel did not end within {seconds:.0f} s.")
    finally:
        manager.shutdown_kernel(now=True)
