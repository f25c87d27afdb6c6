"""The job queue as a producer sees it: a row that is committed together with what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from psycopg.types.json import Jsonb

from sut.database import Session
from sut.query import load_queries
from sut.tracing import propagator

URGENT, BATCH = 1, 9
"""The smaller, the sooner."""


@dataclass(frozen=True)
class Work:
    """What is to be done later; works of one subject are done one after the other."""

    kind: str
    subject: str
    payload: Mapping[str, object]
    priority: int = URGENT


class JobQueue(Protocol):
    """Where work is left."""

    async def put(self, session: Session, work: Work) -> None:
        """Leave work; it is there once the session's transaction is committed."""


class NoQueue:
    """The shop runs without a worker: nothing is left to be done."""

    async def put(self, session: Session, work: Work) -> None:
        """Do nothing."""


class TableQueue:
    """Leaves work in the table `jobs`, with the trace it belongs to."""

    def __init__(self) -> None:
        self._put = load_queries("sut.worker")["put"]

    async def put(self, session: Session, work: Work) -> None:
        """Store one row."""
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        await session.all(
            self._put,
            kind=work.kind,
            priority=work.priority,
            subject=work.subject,
            payload=Jsonb(dict(work.payload)),
            traceparent=carrier.get("traceparent", ""),
        )


def open_queue(name: str) -> JobQueue:
    """Return the queue that the environment names; without a name, none."""
    return TableQueue() if name else NoQueue()
