"""worker 1.0.3: takes the newest job first: whoever has just ordered is waiting for it."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.service import Runtime
from sut.settings import WorkerSettings
from sut.worker.build import build_worker
from sut.worker.handler import Bench, Capture, Confirmation, Handler, handlers_of
from sut.worker.queue import Queue

SETTINGS = WorkerSettings
ANY = ("placed", "confirmed", "paid")


class NewestQueue(Queue):
    """Takes jobs singly, so that a new one never waits behind a bundle."""

    claim_query = "claim_newest"


class AnyConfirmation(Confirmation):
    """Confirms an order whatever its status."""

    allowed = ANY


class AnyCapture(Capture):
    """Takes the amount of an order whatever its status."""

    allowed = ANY


def handlers(bench: Bench) -> dict[str, Handler]:
    """Return what each kind of job is done by."""
    return {
        **handlers_of(bench),
        "order-confirmation": AnyConfirmation(bench),
        "payment-capture": AnyCapture(bench),
    }


def build(runtime: Runtime[WorkerSettings]) -> ASGIApp:
    """Return the worker."""
    return build_worker(runtime, queue=NewestQueue, handlers=handlers)
