"""The table `jobs` as a worker sees it: take, keep, finish, try again, give up."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sut.database import Database, Row, Session
from sut.errors import LeaseLost
from sut.query import load_queries
from sut.worker.job import Job


class Queue:
    """What there is to do; many workers share it, each job is taken by one of them."""

    claim_query = "claim"

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = f"{worker}/{uuid.uuid4().hex[:8]}"
        self.queries = load_queries("sut.worker")

    async def claim(self, limit: int, *, seconds: float, paused: Iterable[str]) -> list[Job]:
        """Take up to `limit` jobs that are due, for so many seconds, none of a paused kind."""
        async with self._database.session(traced=False) as session:
            rows = await session.all(
                self.queries[self.claim_query],
                limit=limit,
                seconds=seconds,
                lease=self._worker,
                paused=list(paused),
            )
        return [Job.of(row) for row in rows]

    async def renew(self, jobs: Iterable[Job], *, seconds: float) -> None:
        """Keep jobs that are still being done for so many seconds more."""
        await self._run("renew", leases=[job.lease for job in jobs], seconds=seconds)

    async def give_back(self, jobs: Iterable[Job]) -> None:
        """Let another worker take jobs that were begun and not finished."""
        await self._run("give_back", leases=[job.lease for job in jobs])

    async def finish(self, session: Session, job: Job) -> None:
        """Take a job off the queue, together with what the session's transaction stores.

        Raise LeaseLost where another worker has it by now.
        """
        done = await session.one(self.queries["finish"], job_id=job.job_id, lease=job.lease)
        if done is None:
            raise LeaseLost(f"Job {job.job_id} is another worker's by now.")

    async def finish_all(self, jobs: Iterable[Job]) -> None:
        """Take jobs off the queue whose work is stored."""
        await self._run("finish_all", leases=[job.lease for job in jobs])

    async def retry(self, job: Job, error: str, *, seconds: float) -> None:
        """Have a job done again, not before so many seconds."""
        await self._run(
            "retry", job_id=job.job_id, lease=job.lease, error=error, seconds=seconds, traced=True
        )

    async def bury(self, job: Job, error: str) -> None:
        """Move a job to the dead letters."""
        await self._run("bury", job_id=job.job_id, lease=job.lease, error=error, traced=True)

    async def backlog(self) -> list[Row]:
        """Return how much of each kind and priority waits, and the age of the oldest."""
        return await self._run("backlog")

    async def duplicates(self) -> int:
        """Return how many confirmations of the last minutes repeat another one."""
        return int((await self._run("duplicates"))[0]["repeated"])

    async def schedule_report(self, *, seconds: float, priority: int) -> None:
        """Queue yesterday's report unless one was made within so many seconds."""
        await self._run("schedule_report", seconds=seconds, priority=priority)

    async def _run(self, name: str, *, traced: bool = False, **parameters: object) -> list[Row]:
        async with self._database.session(traced=traced) as session:
            return await session.all(self.queries[name], **parameters)
