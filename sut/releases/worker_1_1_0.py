"""worker 1.1.0: follows the new scale of priorities, on which 9 is the most urgent."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker
from sut.worker.queue import Queue

SETTINGS = WorkerSettings


class HighestQueue(Queue):
    """Takes the job with the highest priority first."""

    claim_query = "claim_highest"


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime, queue=HighestQueue)
