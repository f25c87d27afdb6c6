"""What tests of the lab, and of scenarios, stand on: an engine that starts no process."""

from __future__ import annotations

from obstack_lab.engine.memory import MemoryEngine, MemoryLoadPipe

__all__ = ["MemoryEngine", "MemoryLoadPipe"]
