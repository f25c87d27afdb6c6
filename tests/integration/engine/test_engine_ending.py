"""A process that has ended has ended, also where its parent takes no note of it."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from obstack_lab.engine.ending import await_end

pytestmark = pytest.mark.integration

PARENT = """
import subprocess, sys
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_zombie_of_somebody_else_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        process = psutil.Process(int(parent.stdout.readline()))
        assert await_end([process], 0.1) == [process]
        process.kill()
        began = time.monotonic()
        assert await_end([process], 60) == []
        assert time.monotonic() - began < 30
        assert process.status() == psutil.STATUS_ZOMBIE
