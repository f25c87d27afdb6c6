"""The worker's rules: when to try again, when to give up, what is held, what a message says."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from sut.environment import Environment
from sut.errors import CannotDo, LeaseLost
from sut.query import load_queries
from sut.settings import WorkerSettings
from sut.telemetry import start_telemetry
from sut.worker.crew import Crew
from sut.worker.handler import Bench, Confirmation, Handler
from sut.worker.job import Job
from sut.worker.meter import JobMeter
from sut.worker.queue import Queue

ENVIRONMENT = Environment("worker", "1.0.0", 1)


def job(number: int, *, attempts: int = 1) -> Job:
    return Job(number, "riddle", 1, "", {}, "", attempts, f"w/{number}/{attempts}", 0.5)


@dataclass
class MemoryQueue:
    """A queue that hands out what it was given, and remembers what became of it."""

    waiting: list[Job]
    log: list[tuple[Any, ...]] = field(default_factory=list)
    paused: tuple[str, ...] = ()

    async def claim(self, limit: int, *, seconds: float, paused: tuple[str, ...]) -> list[Job]:
        assert seconds == 10
        self.paused = paused
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    async def renew(self, jobs: list[Job], *, seconds: float) -> None:
        self.log.append(("renew", len(jobs), seconds))

    async def give_back(self, jobs: Any) -> None:
        self.log.append(("give back", [job.job_id for job in jobs]))

    async def retry(self, job: Job, error: str, *, seconds: float) -> None:
        self.log.append(("retry", job.job_id, error, seconds))

    async def bury(self, job: Job, error: str) -> None:
        self.log.append(("bury", job.job_id, error))

    async def backlog(self) -> list[dict[str, Any]]:
        return []

    async def duplicates(self) -> int:
        return 0

    async def schedule_report(self, *, seconds: float, priority: int) -> None:
        return


class OpenCrew(Crew):
    """A crew whose jobs do what a test says."""

    error: Exception | None = None
    gate: asyncio.Event
    done: list[int]

    async def do(self, job: Job) -> None:
        await self.gate.wait()
        if self.error:
            raise self.error
        self.done.append(job.job_id)


def crew_of(queue: MemoryQueue, error: Exception | None = None, **settings: object) -> OpenCrew:
    telemetry = start_telemetry(ENVIRONMENT)
    made = OpenCrew(
        cast("Queue", queue),
        cast("Mapping[str, Handler]", {}),
        database=cast("Any", None),
        telemetry=telemetry,
        meter=JobMeter(telemetry),
        settings=lambda: WorkerSettings.model_validate(settings),
    )
    made.error, made.gate, made.done = error, asyncio.Event(), []
    made.gate.set()
    return made


def play(crew_for: Any, until: Any) -> OpenCrew:
    async def run() -> OpenCrew:
        crew: OpenCrew = crew_for()
        never = asyncio.Event()
        await crew.open()
        try:
            async with asyncio.timeout(20):
                while not until(crew):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.005):
                            await never.wait()
        finally:
            await crew.close()
        return crew

    return asyncio.run(run())


def test_all_jobs_are_done_though_only_some_at_once() -> None:
    queue = MemoryQueue([job(number) for number in range(10)])
    crew = play(lambda: crew_of(queue, concurrency=3), lambda crew: len(crew.done) == 10)
    assert sorted(crew.done) == list(range(10))
    assert queue.paused == ()


@pytest.mark.parametrize(
    ("attempts", "error", "fate"),
    [
        (1, CannotDo("no such order"), ("retry", 7, "CannotDo: no such order", 1.0)),
        (3, ValueError("x"), ("retry", 7, "ValueError: x", 4.0)),
        (5, CannotDo("no such order"), ("bury", 7, "CannotDo: no such order")),
        (6, None, ("bury", 7, "CannotDo: No worker lived to see the end of it.")),
    ],
)
def test_what_fails_is_tried_again_ever_later_and_then_given_up(
    attempts: int, error: Exception | None, fate: tuple[Any, ...]
) -> None:
    queue = MemoryQueue([job(7, attempts=attempts)])
    play(lambda: crew_of(queue, error), lambda _: fate in queue.log)


def test_a_job_that_another_worker_has_is_left_alone() -> None:
    queue = MemoryQueue([job(7)])
    crew = play(
        lambda: crew_of(queue, LeaseLost("gone")),
        lambda crew: crew.meter.processed.labels("riddle", "lost")._value.get() == 1,
    )
    assert not [entry for entry in queue.log if entry[0] in {"retry", "bury"}]
    assert crew.done == []


def test_a_crew_that_ends_gives_back_what_it_cannot_finish() -> None:
    queue = MemoryQueue([job(1), job(2)])

    def stuck() -> OpenCrew:
        crew = crew_of(queue, batch_jobs="off")
        crew.gate.clear()
        return crew

    play(stuck, lambda crew: len(crew.held()) == 2)
    assert ("give back", [1, 2]) in queue.log
    assert queue.paused == ("report",)


def test_the_backlog_is_told_and_what_is_gone_becomes_nothing() -> None:
    meter = JobMeter(start_telemetry(ENVIRONMENT))
    row = {"kind": "report", "priority": 9, "queued": 4, "oldest": 12.5}
    for rows, queued, oldest in (([row], 4.0, 12.5), ([], 0.0, 0.0)):
        meter.take_backlog(rows)
        found = {family.name: family.samples[0] for family in meter._measure()}
        assert found["jobs_queued"].labels == {"kind": "report", "priority": "9"}
        assert found["jobs_queued"].value == queued
        assert found["jobs_oldest_age_seconds"].value == oldest


def test_a_confirmation_names_the_customer_the_lines_and_the_total() -> None:
    handler = Confirmation(cast("Bench", None))
    text = handler.render(
        {
            "order_id": 12,
            "total_cents": 123_456,
            "placed_at": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
            "name": "Ada Abel",
            "email": "ada@example.org",
            "items": [{"name": "Quiet Lamp", "quantity": 2, "unit_price_cents": 61_728}],
        }
    )
    assert "Dear Ada Abel" in text
    assert "2 x Quiet Lamp" in text
    assert "1,234.56 EUR" in text
    assert "$" not in text


def test_every_statement_of_the_worker_has_a_name_for_its_span() -> None:
    for query in load_queries("sut.worker").values():
        assert query.operation in {"SELECT", "INSERT", "UPDATE", "DELETE"}, query.name
        assert query.collection, query.name
