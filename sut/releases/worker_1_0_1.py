"""worker 1.0.1: does jobs in the order in which they came, and never gives one up."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker
from sut.worker.crew import Crew
from sut.worker.job import Job
from sut.worker.queue import Queue

SETTINGS = WorkerSettings


class OrderedQueue(Queue):
    """Takes the job that came first: nothing overtakes it."""

    claim_query = "claim_in_order"


class PatientCrew(Crew):
    """Tries until a job is done: an outage of payments must not cost a capture."""

    def is_last(self, job: Job) -> bool:
        """Return False: there is always another attempt."""
        del job
        return False

    def pause_before_retry(self, job: Job) -> float:
        """Return the same short pause each time."""
        del job
        return self.settings().retry_backoff


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime, queue=OrderedQueue, crew=PatientCrew)
