"""Fixtures: the orchestrator's in-memory lab, with a system in it that breaks."""

from __future__ import annotations

import pytest
from certify_stage import MemoryStage, Physics
from orchestrator_stage import Lab
from starlette.types import ASGIApp


@pytest.fixture
def stage(lab: Lab, app: ASGIApp) -> MemoryStage:
    return MemoryStage(lab, app, Physics(lab))
