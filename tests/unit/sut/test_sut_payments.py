"""Payments keeps to its quota, takes each amount once, and proves what it gave out."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import stat
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sut.errors import Conflict, NotFound, QuotaSpent
from sut.payments.certificate import Authority
from sut.payments.hangup import Hangup
from sut.payments.issue import main as issue
from sut.payments.memory import Idempotency, NoMemory
from sut.payments.quota import Quota
from sut.payments.teller import MOST_ROUNDS, Authorization, Teller
from sut.payments.vault import Vault
from sut.trust import Authority as Trusted

T = TypeVar("T")
ROUNDS = 1000


class Clock:
    def __init__(self) -> None:
        self.now = 30.0

    def __call__(self) -> float:
        return self.now


def run(work: Awaitable[T]) -> T:
    async def play() -> T:
        async with asyncio.timeout(20):
            return await work

    return asyncio.run(play())


def teller(key: bytes = b"k" * 32, rounds: int = ROUNDS) -> Teller:
    return Teller(key, lambda: rounds)


def test_a_quota_is_of_a_minute_and_says_when_the_next_one_begins() -> None:
    clock, most = Clock(), [3]
    quota = Quota(lambda: most[0], clock)
    for _ in range(3):
        quota.spend()
    clock.now += 20
    with pytest.raises(QuotaSpent) as caught:
        quota.spend()
    assert (caught.value.status, caught.value.retry_after) == (429, 40)
    assert quota.remaining == 0
    most[0] = 5
    assert quota.remaining == 2
    clock.now += 40
    assert quota.remaining == 5
    clock.now += 600
    quota.spend()
    assert quota.remaining == 4


def test_an_amount_is_taken_once_and_never_more_than_is_held() -> None:
    async def play(one: Teller) -> None:
        held = await one.authorize(7, 500)
        with pytest.raises(Conflict, match="500"):
            await one.capture(held.authorization_id, 501)
        taken = await one.capture(held.authorization_id, 400)
        assert taken.amount_cents == 400
        with pytest.raises(Conflict, match="already"):
            await one.capture(held.authorization_id, 100)

    run(play(teller()))


def test_an_authorization_outlives_a_restart_and_a_change_of_rounds() -> None:
    held = run(teller().authorize(7, 500))
    assert run(teller(rounds=2000).capture(held.authorization_id, 500)).amount_cents == 500


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(".500.", ".900."),
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text + "é",
        lambda text: text.replace(f".{ROUNDS}.", f".{MOST_ROUNDS + 1}."),
        lambda text: text.replace("auth.", "capt."),
        lambda _: "",
        lambda _: "auth.1.2.3",
        lambda _: "auth.one.500.x.1000.y",
    ],
)
def test_an_authorization_cannot_be_made_up(change: Any) -> None:
    held = run(teller().authorize(7, 500))
    with pytest.raises(NotFound):
        run(teller().capture(change(held.authorization_id), 1))
    with pytest.raises(NotFound):
        run(teller(key=b"x" * 32).capture(held.authorization_id, 500))


def test_a_key_is_answered_twice_and_carried_out_once() -> None:
    async def play() -> None:
        memory, one = Idempotency(), teller()

        async def ask(key: str, cents: int) -> Authorization:
            return await memory.once(key, cents, lambda: one.authorize(7, cents))

        first, second = await asyncio.gather(ask("a", 500), ask("a", 500))
        assert first == second == await ask("a", 500)
        assert await ask("b", 500) != first
        assert await ask("", 500) != await ask("", 500)
        with pytest.raises(Conflict):
            await ask("a", 501)

    run(play())


def test_what_went_wrong_is_not_remembered() -> None:
    async def play() -> None:
        memory, outcomes = Idempotency(), [NotFound("no"), None]

        async def work() -> str:
            if (outcome := outcomes.pop(0)) is not None:
                raise outcome
            return "done"

        with pytest.raises(NotFound):
            await memory.once("a", 1, work)
        assert await memory.once("a", 1, work) == "done"

    run(play())


def test_only_the_latest_keys_are_remembered_and_none_without_memory() -> None:
    async def play(memory: Idempotency | NoMemory, *, expect: list[int]) -> None:
        done: list[int] = []

        async def work() -> int:
            done.append(len(done))
            return done[-1]

        assert [await memory.once(key, 0, work) for key in "aabca"] == expect

    run(play(Idempotency(most=2), expect=[0, 0, 1, 2, 3]))
    run(play(NoMemory(), expect=[0, 1, 2, 3, 4]))


def test_a_connection_ends_with_the_first_answer_after_its_time() -> None:
    clock = Clock()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    hangup = Hangup(app, lambda: 15.0, clock)

    def ask(port: int) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "client": ("127.0.0.1", port)}
        run(hangup(scope, None, send))  # type: ignore[arg-type]
        return list(sent[0]["headers"])

    assert ask(1) == []
    clock.now += 10
    assert ask(1) == ask(2) == []
    clock.now += 5
    assert ask(1) == [(b"connection", b"close")]
    assert ask(1) == ask(2) == []


def test_a_certificate_is_issued_by_an_authority_that_stays(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    assert issue(["--folder", str(folder), "--lifetime", "3600"]) == 0
    vault, authority = Vault(folder), (folder / "ca.pem").read_bytes()
    before, first = vault.expires(), vault.certificate.read_bytes()
    assert before == pytest.approx(dt.datetime.now(dt.UTC).timestamp() + 3600, abs=60)
    assert Authority(folder).issue(dt.timedelta(days=90)).timestamp() == vault.expires() > before
    assert vault.certificate.read_bytes() != first
    assert (folder / "ca.pem").read_bytes() == authority
    for private in ("server.pem", "ca-key.pem"):
        assert stat.S_IMODE((folder / private).stat().st_mode) == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(vault.certificate)
    assert sorted(file.name for file in folder.iterdir()) == ["ca-key.pem", "ca.pem", "server.pem"]


def test_a_lifetime_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        issue(["--folder", str(tmp_path), "--lifetime", "0"])
    assert caught.value.code == 2


def test_the_key_of_signatures_stays(tmp_path: Path) -> None:
    first = Vault(tmp_path).signature_key()
    assert len(first) == 32
    assert Vault(tmp_path).signature_key() == first


def test_a_trusted_authority_is_read_again_once_it_changed(tmp_path: Path) -> None:
    trusted = Trusted(str(tmp_path / "ca.pem"))
    with pytest.raises(OSError, match=r"ca\.pem"):
        trusted.context()
    Authority(tmp_path).issue(dt.timedelta(days=1))
    first = trusted.context()
    assert trusted.context() is first
    for name in ("ca.pem", "ca-key.pem"):
        (tmp_path / name).unlink()
    Authority(tmp_path).issue(dt.timedelta(days=1))
    assert trusted.context() is not first
