"""The open loop in a loop whose time passes at once, against a system that we play."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from obstack_lab.load.client import Unreachable
from obstack_lab.load.generator import Generator
from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.load.reader import read_ledger
from obstack_lab.load.step import Request
from obstack_lab.load.writer import LedgerWriter
from obstack_lab.scenario.model import Load, LoadPhase

WALL = 1_700_000_000.0


class Shop:
    """Answers like the real one, unless `fault(request)` takes the place of the answer."""

    def __init__(self, delay: float = 0.05, fault: Callable[[Request], Any] = lambda _: None):
        self.delay = delay
        self.fault = fault
        self.seen: list[tuple[str, str, str]] = []
        self.closed = False

    async def send(
        self, request: Request, *, user: str, traceparent: str, deadline: float
    ) -> tuple[int, bytes]:
        self.seen.append((request.path, user, traceparent))
        async with asyncio.timeout_at(deadline):
            await asyncio.sleep(self.delay)
        if (answer := self.fault(request)) is not None:
            if isinstance(answer, BaseException):
                raise answer
            return answer
        if request.body is not None:
            asked = orjson.loads(request.body)
            order = {"order_id": asked["customer_id"] + 500, "total_cents": 1, **asked}
            return 201, orjson.dumps(order)
        if not request.path.startswith("/orders/"):
            return 200, b"{}"
        number = int(request.path.rsplit("/", 1)[1])
        return 200, orjson.dumps({"order_id": number, "customer_id": number - 500, "items": [1]})

    async def close(self) -> None:
        self.closed = True


def run(
    play: Callable[..., Any],
    path: Path,
    load: Load,
    shop: Shop,
    *,
    seconds: float = 20,
    epoch: float | None = WALL,
    meanwhile: Callable[[Generator], Any] | None = None,
) -> list[LedgerEntry]:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        writer = LedgerWriter(path)
        generator = Generator(
            load,
            patience=2,
            sender=shop,
            writer=lambda: writer,
            epoch=epoch,
            wall=lambda: WALL + loop.time(),
        )
        generator.start()
        await asyncio.sleep(seconds / 2)
        if meanwhile:
            await asyncio.sleep(0) if (done := meanwhile(generator)) is None else await done
        await asyncio.sleep(seconds / 2)
        assert await generator.finish(grace=3) == 0
        writer.close()

    play(scene())
    return read_ledger(path)


def outcomes(entries: list[LedgerEntry]) -> Counter[str]:
    return Counter(f"{entry.step} {entry.outcome.value}" for entry in entries)


def test_every_intended_request_has_one_entry_at_its_time(play, make_load, tmp_path) -> None:
    shop = Shop()
    entries = run(play, tmp_path / "ledger", make_load(), shop)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.outcome for entry in entries} == {Outcome.GOOD}
    assert 300 < len(entries) < 500
    assert len(shop.seen) == len(entries)
    assert all(WALL <= entry.intended <= WALL + 20.2 for entry in entries)
    assert all(abs(entry.latency - 0.05) < 0.01 for entry in entries)
    assert shop.closed


def test_a_ledger_row_can_be_opened_as_a_trace(play, make_load, tmp_path) -> None:
    shop = Shop()
    entries = run(play, tmp_path / "ledger", make_load(), shop)
    told = {(traceparent.split("-")[1], user) for _, user, traceparent in shop.seen}
    assert {(entry.trace_id, entry.user) for entry in entries} == told
    assert len({trace for trace, _ in told}) == len(entries)
    version, trace, span, flags = shop.seen[0][2].split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")


def test_two_starts_intend_the_same_whatever_the_answers(play, make_load, tmp_path) -> None:
    def plan(entries: list[LedgerEntry]) -> list[tuple[object, ...]]:
        return [(e.seq, e.user, e.journey, e.step, e.intended) for e in entries]

    well = run(play, tmp_path / "well", make_load(), Shop())
    sick = run(play, tmp_path / "sick", make_load(), Shop(fault=lambda _: (503, b"")))
    assert plan(well) == plan(sick)
    assert plan(well) != plan(run(play, tmp_path / "other", make_load(seed=8), Shop()))


def test_users_do_not_wait_for_each_other_and_give_up(play, make_load, tmp_path) -> None:
    entries = run(play, tmp_path / "ledger", make_load(steps="look"), Shop(delay=30))
    assert {entry.outcome for entry in entries} == {Outcome.SLOW}
    assert len(entries) > 300
    assert all(abs(entry.latency - 2) < 0.05 for entry in entries)
    assert all(entry.sent - entry.intended < 0.01 for entry in entries if entry.sent)


def test_outcomes_say_what_the_answer_was(play, make_load, tmp_path) -> None:
    def first(answer: object) -> Counter[str]:
        shop = Shop(fault=lambda request: answer if request.body else None)
        name = str(len(list(tmp_path.iterdir())))
        return outcomes(run(play, tmp_path / name, make_load(), shop))

    assert first((503, b"{}"))["place-order status"] > 100
    assert first((201, b"{}"))["place-order invalid"] > 100
    lost = first(Unreachable("refused"))
    assert lost["place-order unreachable"] > 100
    assert lost["read-order unsent"] > 100
    assert set(lost) == {"place-order unreachable", "read-order unsent"}


def test_a_step_waits_for_the_one_it_needs_on_its_own_patience(play, make_load, tmp_path) -> None:
    entries = run(play, tmp_path / "ledger", make_load(), Shop(delay=1.5))
    reads = [entry for entry in entries if entry.step == "read-order"]
    waited = [e for e in reads if e.sent is not None and e.sent - e.intended > 0.1]
    assert waited
    assert {entry.outcome for entry in waited} == {Outcome.GOOD, Outcome.SLOW}


def test_another_phase_is_followed_at_once(play, make_load, tmp_path) -> None:
    entries = run(
        play,
        tmp_path / "ledger",
        make_load(),
        Shop(),
        seconds=40,
        meanwhile=lambda generator: generator.follow(LoadPhase(rate=80)),
    )
    before = sum(entry.intended < WALL + 20 for entry in entries) / 20
    after = sum(entry.intended >= WALL + 20.3 for entry in entries) / 19.7
    assert 15 < before < 25
    assert 70 < after < 90


def test_a_later_start_passes_over_what_is_gone_and_goes_on_alike(
    play, make_load, tmp_path
) -> None:
    whole = run(play, tmp_path / "whole", make_load(), Shop(), seconds=30)
    late = run(play, tmp_path / "late", make_load(), Shop(), epoch=WALL - 10)
    assert late[0].seq > 100
    ahead = {entry.seq: entry for entry in whole}
    same = [(e.seq, e.user, e.step, round(e.intended + 10, 4)) for e in late]
    assert same == [
        (seq, ahead[seq].user, ahead[seq].step, round(ahead[seq].intended, 4)) for seq, *_ in same
    ]


def test_what_could_not_be_sent_in_time_is_recorded_as_unsent(play, make_load, tmp_path) -> None:
    def stall(generator: Generator) -> None:
        loop = asyncio.get_running_loop()
        loop._instant.now += 5  # type: ignore[attr-defined]

    entries = run(play, tmp_path / "ledger", make_load(steps="look"), Shop(), meanwhile=stall)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    missed = [entry for entry in entries if entry.outcome is Outcome.UNSENT]
    assert 30 < len(missed) < 90
    assert all(entry.sent is None and entry.latency >= 2 for entry in missed)


def test_a_jump_of_the_wall_clock_is_followed(play, make_load, tmp_path) -> None:
    jumped = 0.0

    async def scene() -> None:
        nonlocal jumped
        loop = asyncio.get_running_loop()
        writer = LedgerWriter(tmp_path / "ledger")
        generator = Generator(
            make_load(steps="buy"),
            patience=2,
            sender=Shop(),
            writer=lambda: writer,
            wall=lambda: WALL + loop.time() + jumped,
        )
        generator.start()
        await asyncio.sleep(5)
        jumped = 3600
        generator.tune_clock()
        await asyncio.sleep(5)
        await generator.finish(grace=3)
        writer.close()

    play(scene())
    times = [entry.intended for entry in read_ledger(tmp_path / "ledger")]
    assert max(times) > WALL + 3600
    assert not [at for at in times if WALL + 6 < at < WALL + 3600]
