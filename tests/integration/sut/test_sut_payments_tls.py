"""Payments as customers meet it: TLS, a key, a quota, and a certificate that changes meanwhile."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sut.environment import Environment
from sut.errors import UpstreamLost, UpstreamUntrusted
from sut.telemetry import start_telemetry
from sut.upstream import Limits, Upstream

pytestmark = pytest.mark.integration
AMOUNT = {"customer_id": 7, "amount_cents": 500}
AUTHORIZATIONS = "/payments/authorizations"
WAIT_SECONDS = 30


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Provider:
    """A running payments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tls"
        self.operators = f"http://127.0.0.1:{(port := free_port())}"
        tls = free_port()
        self.customers = f"https://127.0.0.1:{tls}"
        self.log = folder / "payments.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "sut",
                    "payments",
                    "--release",
                    "1.0.0",
                    "--port",
                    str(port),
                ],
                env={
                    **os.environ,
                    "PAYMENTS_TLS_PORT": str(tls),
                    "PAYMENTS_TLS_FOLDER": str(self.folder),
                    "PAYMENTS_API_KEY": "old, new",
                },
                stderr=log,
                start_new_session=True,
            )
        self.wait_for(self.is_ready)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.operators}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def wait_for(self, holds: Any) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Send a request on a connection of its own."""
        trust = ssl.create_default_context(cafile=self.folder / "ca.pem")
        sent = {"authorization": "Bearer new", **headers}
        return httpx.post(self.customers + path, json=body, headers=sent, verify=trust, timeout=20)

    def issue(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "sut.payments.issue", "--folder", self.folder, *arguments],
            check=True,
            capture_output=True,
            timeout=60,
        )

    def metric(self, name: str) -> float:
        lines = httpx.get(f"{self.operators}/metrics", timeout=20).text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    running = Provider(tmp_path_factory.mktemp("payments"))
    yield running
    running.end()
    assert running.process.returncode == 0


def ask(provider: Provider, authority: Path) -> int:
    """Ask as another service of the shop does."""

    async def play() -> int:
        telemetry = start_telemetry(Environment("orders", "1.4.2", 1))
        upstream = Upstream(
            "payments",
            provider.customers,
            telemetry=telemetry,
            limits=lambda: Limits(timeout=20, connections=1, connection_timeout=20),
            authority=str(authority),
        )
        await upstream.open()
        try:
            return (await upstream.call("POST", AUTHORIZATIONS, route=AUTHORIZATIONS)).status
        finally:
            await upstream.close()
            telemetry.close()

    return asyncio.run(play())


def test_an_amount_is_held_and_taken_once(provider: Provider) -> None:
    held = provider.post(AUTHORIZATIONS, AMOUNT)
    assert held.status_code == 201
    taking = {"authorization_id": held.json()["authorization_id"], "amount_cents": 500}
    first = provider.post("/payments/captures", taking, **{"idempotency-key": "a"})
    again = provider.post("/payments/captures", taking, **{"idempotency-key": "a"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert provider.post("/payments/captures", taking).status_code == 409
    unknown = {"authorization_id": "auth.1.2.3.4.5", "amount_cents": 1}
    assert provider.post("/payments/captures", unknown).status_code == 404
    assert provider.post(AUTHORIZATIONS, {"customer_id": 7}).status_code == 422


def test_only_keys_that_are_valid_open_the_door(provider: Provider) -> None:
    for authorization in ("", "Bearer", "Bearer wrong", "Basic new"):
        assert provider.post(AUTHORIZATIONS, AMOUNT, authorization=authorization).status_code == 403
    assert provider.post(AUTHORIZATIONS, AMOUNT, authorization="Bearer old").status_code == 201
    plain = httpx.post(provider.operators + AUTHORIZATIONS, json=AMOUNT, timeout=20)
    assert plain.status_code == 404


def test_a_spent_quota_says_when_to_come_again(provider: Provider) -> None:
    config = f"{provider.operators}/config"
    assert httpx.patch(config, json={"quota_per_minute": 0}, timeout=20).status_code == 200
    try:
        refused = provider.post(AUTHORIZATIONS, AMOUNT)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert provider.metric("payments_quota_remaining") == 0
    finally:
        httpx.patch(config, json={"quota_per_minute": 6000}, timeout=20)
    assert provider.post(AUTHORIZATIONS, AMOUNT).status_code == 201


def test_another_service_trusts_the_authority_and_no_other(
    provider: Provider, tmp_path: Path
) -> None:
    assert ask(provider, provider.folder / "ca.pem") == 403
    with pytest.raises(UpstreamLost, match=r"ca\.pem"):
        ask(provider, tmp_path / "ca.pem")
    subprocess.run(
        [sys.executable, "-m", "sut.payments.issue", "--folder", tmp_path],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with pytest.raises(UpstreamUntrusted, match="certificate"):
        ask(provider, tmp_path / "ca.pem")


def test_a_certificate_expires_and_is_rotated_while_payments_runs(provider: Provider) -> None:
    before = provider.metric("tls_certificate_not_after_seconds")
    provider.issue("--lifetime", "1")
    provider.wait_for(lambda: provider.metric("tls_certificate_not_after_seconds") < before)
    provider.wait_for(
        lambda: provider.metric("tls_certificate_not_after_seconds") < time.time() - 1
    )
    with pytest.raises(UpstreamUntrusted, match="expired"):
        ask(provider, provider.folder / "ca.pem")
    provider.issue()
    provider.wait_for(
        lambda: provider.metric("tls_certificate_not_after_seconds") > time.time() + 3600
    )
    assert ask(provider, provider.folder / "ca.pem") == 403
    assert provider.is_ready()
