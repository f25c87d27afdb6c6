"""payments 1.0.0: carries out a request once for each idempotency key."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.payments.build import build_payments
from sut.payments.memory import Idempotency
from sut.service import Runtime
from sut.settings import PaymentsSettings

SETTINGS = PaymentsSettings


def build(runtime: Runtime[PaymentsSettings]) -> ASGIApp:
    """Return payments."""
    return build_payments(runtime, Idempotency())
