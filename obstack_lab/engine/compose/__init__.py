"""Components as containers, described by `stack/compose.yaml`."""

from __future__ import annotations

from obstack_lab.engine.compose.capability import Capability, look
from obstack_lab.engine.compose.engine import ComposeEngine

__all__ = ["Capability", "ComposeEngine", "look"]
