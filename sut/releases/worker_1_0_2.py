"""worker 1.0.2: takes finished jobs off the queue in bundles, which spares a commit for each."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker
from sut.worker.crew import Crew
from sut.worker.handler import Bench, Confirmation, Handler, handlers_of
from sut.worker.job import Job

SETTINGS = WorkerSettings
BUNDLE = 20


class PlainConfirmation(Confirmation):
    """Stores a message without looking for an earlier one."""

    store_query = "store_message"


class BundlingCrew(Crew):
    """Stores what comes of a job at once, and keeps the job until a bundle is full."""

    async def open(self) -> None:
        """Begin to work."""
        self._kept: list[Job] = []
        await super().open()

    def held(self) -> list[Job]:
        """Return the jobs in progress and those that are kept."""
        return [*super().held(), *self._kept]

    async def do(self, job: Job) -> None:
        """Do a job."""
        handler = self.handlers[job.kind]
        made = await handler.prepare(job)
        async with self.database.session() as session:
            await handler.store(session, job, made)
        self._kept.append(job)
        if len(self._kept) >= BUNDLE:
            await self._take_off()

    async def close(self) -> None:
        """End, and take off what is kept."""
        await super().close()
        await self._take_off()

    async def _take_off(self) -> None:
        bundle, self._kept = self._kept, []
        if bundle:
            await self.queue.finish_all(bundle)


def handlers(bench: Bench) -> dict[str, Handler]:
    """Return what each kind of job is done by."""
    return {**handlers_of(bench), "order-confirmation": PlainConfirmation(bench)}


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime, crew=BundlingCrew, handlers=handlers)
