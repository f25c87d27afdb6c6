"""payments 0.9.4."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.payments.build import build_payments
from sut.payments.memory import NoMemory
from sut.service import Runtime
from sut.settings import PaymentsSettings

SETTINGS = PaymentsSettings


def build(runtime: Runtime[PaymentsSettings]) -> ASGIApp:
    """Return payments."""
    return build_payments(runtime, NoMemory())
