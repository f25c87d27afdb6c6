"""worker 1.1.1: announces each attempt at once, not only when its work is committed."""

from __future__ import annotations

from psycopg import AsyncConnection
from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker
from sut.worker.crew import Crew
from sut.worker.job import Job

SETTINGS = WorkerSettings
ATTEMPTS = 8
"""Attempts that are announced on one line before the next is opened."""
CONNECT_SECONDS = 3


class AnnouncingCrew(Crew):
    """Announces attempts on a line of its own, apart from the pool."""

    async def open(self) -> None:
        """Begin to work."""
        self._lines: list[AsyncConnection[tuple[object, ...]]] = []
        self._announced = 0
        await super().open()

    async def do(self, job: Job) -> None:
        """Announce the attempt and do the job."""
        if self._announced % ATTEMPTS == 0:
            self._lines.append(await self._open_line())
        self._announced += 1
        text = f"{job.kind} {job.job_id} {job.attempts}"
        await self._lines[-1].execute(self.queue.queries["announce"].text, {"text": text})
        await super().do(job)

    async def _open_line(self) -> AsyncConnection[tuple[object, ...]]:
        return await AsyncConnection.connect(
            self.database.url,
            autocommit=True,
            application_name="worker",
            connect_timeout=CONNECT_SECONDS,
        )


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime, crew=AnnouncingCrew)
