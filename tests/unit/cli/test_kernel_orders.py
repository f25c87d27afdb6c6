"""Which kernels a process that has read everything already can be: those that are like it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.cli.kernels import ordered

USUAL = [sys.executable, "-m", "ipykernel_launcher", "-f", "connection.json"]


def test_the_usual_kernel_is_told_its_arguments_place_and_variables(tmp_path: Path) -> None:
    environment = {**os.environ, "QUERY_STRING": "scenario=checkout-stalls"}
    assert ordered(USUAL, {"cwd": tmp_path, "env": environment}) == {
        "arguments": ["-f", "connection.json"],
        "cwd": str(tmp_path),
        "environment": environment,
    }


@pytest.mark.parametrize(
    ("command", "how"),
    [
        (["/elsewhere/python", *USUAL[1:]], {}),
        ([sys.executable, "-X", "dev", *USUAL[1:]], {}),
        ([sys.executable, "-m", "another_kernel"], {}),
        (USUAL, {"env": {**os.environ, "PYTHONPATH": "/elsewhere"}}),
        (USUAL, {"env": {**os.environ, "LD_PRELOAD": "/elsewhere.so"}}),
        (USUAL, {"independent": True}),
        (USUAL, {"stdout": 5}),
    ],
)
def test_a_kernel_that_is_not_like_it_starts_as_it_always_does(
    command: list[str], how: dict[str, Any]
) -> None:
    assert ordered(command, how) is None
