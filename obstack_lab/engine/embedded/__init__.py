"""Components as processes of this machine."""

from __future__ import annotations

from obstack_lab.engine.embedded.engine import EmbeddedEngine
from obstack_lab.engine.embedded.wipe import wipe

__all__ = ["EmbeddedEngine", "wipe"]
