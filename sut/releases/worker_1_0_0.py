"""worker 1.0.0: confirmations, captures and reports, each done once."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker

SETTINGS = WorkerSettings


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime)
