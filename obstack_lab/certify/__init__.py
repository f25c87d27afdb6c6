"""Plays a scenario, in whichever mode, through the orchestrator, and judges what came of it."""

from __future__ import annotations
