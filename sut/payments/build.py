"""Putting payments together."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.types import ASGIApp

from sut.access import Access
from sut.metrics import gauge
from sut.payments.door import TlsDoor
from sut.payments.memory import Memory
from sut.payments.quota import Quota
from sut.payments.routes import payments_routes
from sut.payments.teller import Teller
from sut.payments.vault import Vault
from sut.service import Runtime, application, web_app
from sut.settings import PaymentsSettings


def build_payments(runtime: Runtime[PaymentsSettings], memory: Memory) -> ASGIApp:
    """Return payments: operators at its own port, customers at the TLS port."""
    environment, config = runtime.environment, runtime.config
    folder = environment.require("PAYMENTS_TLS_FOLDER", environment.payments_folder)
    port = environment.require("PAYMENTS_TLS_PORT", environment.payments_port)
    keys = environment.require("PAYMENTS_API_KEY", environment.payments_key)
    vault = Vault(Path(folder))
    vault.prepare()
    quota = Quota(lambda: config.current.quota_per_minute)
    teller = Teller(vault.signature_key(), lambda: config.current.signature_rounds)
    customers = web_app(runtime, payments_routes(teller, memory, quota, keys))
    door = TlsDoor(
        Access(customers, runtime.telemetry),
        vault,
        (environment.host, int(port)),
        telemetry=runtime.telemetry,
        connection_seconds=lambda: config.current.connection_seconds,
    )
    runtime.telemetry.metrics.watch(
        lambda: [
            gauge(
                "payments_quota_remaining",
                "Requests that are left in this minute.",
                [({}, quota.remaining)],
            ),
            gauge(
                "tls_certificate_not_after_seconds",
                "When the certificate in use expires, in seconds since 1970.",
                [({}, door.expires)],
            ),
        ]
    )
    return application(runtime, APIRouter(), (door,))
