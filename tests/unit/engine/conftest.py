"""The in-memory engine, started at the shop's standard releases."""

from __future__ import annotations

import pytest

from obstack_lab.engine.interface import Stack
from obstack_lab.testing import MemoryEngine


@pytest.fixture
def stack() -> Stack:
    return Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})


@pytest.fixture
def engine(stack: Stack) -> MemoryEngine:
    engine = MemoryEngine(clock=lambda: 1000.0)
    engine.start(stack, lambda _: None)
    return engine
