"""Users who do what nobody has planned for: more of them, other journeys, one product, a flood."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from pydantic import ValidationError

from obstack_lab.errors import UsageError
from obstack_lab.load.command import COMMAND
from obstack_lab.load.crowd import Crowd
from obstack_lab.load.flood import Flood
from obstack_lab.load.schedule import Schedule
from obstack_lab.load.step import STEPS, Choice, Request
from obstack_lab.load.taste import Taste
from obstack_lab.scenario.model import Journey, Load, LoadPhase

CHOICE = Choice(customer=1, items=((3, 1),), page=2)
LOAD = Load(
    users=400,
    journeys=(
        Journey(id="browse", weight=9, steps=("catalogue",)),
        Journey(id="report", weight=1, steps=("report",)),
    ),
    phases=(LoadPhase(rate=50),),
)


def steps(crowd: Crowd, count: int = 400) -> Counter[str]:
    return Counter(crowd.act(float(moment)).step.name for moment in range(count))


def test_a_surge_brings_more_and_its_end_the_schedule_again() -> None:
    schedule = Schedule(LOAD.phases, seed=1)
    assert schedule.rate(5) == 50
    schedule.surge(3)
    assert schedule.rate(5) == 150
    surged = sum(1 for _ in schedule.until(20))
    assert surged > 2000
    schedule.surge(1)
    assert schedule.rate(25) == 50


def test_a_rush_is_over_after_its_seconds_whatever_else_is_said() -> None:
    schedule = Schedule([LoadPhase(pattern="steady", rate=50)], seed=3)
    list(schedule.until(10))
    schedule.rush(4, 5)
    assert schedule.rate(12) == 200
    rushed = sum(1 for _ in schedule.until(15))
    assert 800 < rushed < 1200
    assert schedule.rate(16) == 50
    schedule.surge(2)
    schedule.rush(3, 5)
    assert (schedule.rate(16), schedule.rate(21)) == (300, 100)
    schedule.rush(1, 0)
    assert schedule.rate(16) == 100


def test_a_phase_that_comes_during_a_surge_begins_at_the_planned_rate() -> None:
    schedule = Schedule(LOAD.phases, seed=1)
    schedule.surge(2)
    list(schedule.until(1))
    schedule.replace(LoadPhase(pattern="ramp", rate=100, lasts=10))
    schedule.surge(1)
    assert schedule.rate(1.0) == pytest.approx(50, abs=2)


def test_another_mix_begins_other_journeys_and_ends() -> None:
    crowd = Crowd(LOAD, seed=1)
    assert steps(crowd)["catalogue"] > 300
    crowd.mix({"report": 1})
    assert set(steps(crowd)) == {"report"}
    crowd.mix({})
    assert steps(crowd)["catalogue"] > 300


def test_a_mix_of_nothing_or_of_strangers_is_refused() -> None:
    crowd = Crowd(LOAD, seed=1)
    with pytest.raises(UsageError, match="no journey 'steal'"):
        crowd.mix({"steal": 1})
    with pytest.raises(UsageError, match="above 0"):
        crowd.mix({"report": 0})


def test_a_craving_bends_choices_and_nobody_elses_draws() -> None:
    plain, craving = Crowd(LOAD, seed=1), Crowd(LOAD, seed=1)
    craving.taste.crave(7, 1.0)
    for moment in range(50):
        one, other = plain.act(float(moment)), craving.act(float(moment))
        assert (one.walk.user, one.step, one.choice.page) == (
            other.walk.user,
            other.step,
            other.choice.page,
        )
        assert other.choice.items == ((7, 1),)


def test_a_search_is_a_part_of_the_catalogues_path() -> None:
    taste = Taste(1)
    taste.search("a b=(;", 1.0)
    choice = taste.of(CHOICE)
    path = STEPS["catalogue"].build(choice, "").path
    assert path == f"/catalogue?page={choice.page}&q=a%20b%3D%28%3B"
    taste.search("", 0.0)
    assert "q=" not in STEPS["catalogue"].build(taste.of(CHOICE), "").path


class Recorder:
    """Takes requests and answers at once."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.enough = asyncio.Event()

    async def send(
        self, request: Request, *, user: str, traceparent: str, deadline: float
    ) -> tuple[int, bytes]:
        self.paths.append(request.path)
        if len(self.paths) == 20:
            self.enough.set()
        return 200, b""

    async def close(self) -> None:
        return None


async def flooded(recorder: Recorder) -> None:
    flood = Flood(recorder, patience=1, seed=1)
    with pytest.raises(UsageError, match="cannot be flooded"):
        flood.follow("read-order", 10)
    flood.follow("report", 1000)
    async with asyncio.timeout(20):
        await recorder.enough.wait()
    flood.follow("report", 0)
    await flood.finish()


def test_a_flood_sends_one_kind_of_request_until_it_is_told_to_stop() -> None:
    async def play() -> list[str]:
        recorder = Recorder()
        await flooded(recorder)
        sent = len(recorder.paths)
        await asyncio.sleep(0)
        assert len(recorder.paths) == sent
        return recorder.paths

    assert set(asyncio.run(play())) == {"/reports/daily"}


@pytest.mark.parametrize(
    "line",
    [
        '{"op": "surge", "factor": 0}',
        '{"op": "rush", "factor": 2, "seconds": -1}',
        '{"op": "mix", "weights": {"buy": -1}}',
        '{"op": "crave", "product": 0, "share": 0.5}',
        '{"op": "search", "text": "a", "share": 2}',
        '{"op": "flood", "step": "report", "rate": -1}',
    ],
)
def test_a_command_out_of_range_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        COMMAND.validate_json(line)
