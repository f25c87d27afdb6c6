from __future__ import annotations

import pytest

from obstack_lab.load.lateness import Lateness


def test_figures_are_of_the_last_ten_seconds() -> None:
    lateness = Lateness()
    for number in range(200):
        lateness.add(number / 10, 0.5 if number < 100 else number / 100_000)
    figures = lateness.snapshot(20)
    assert figures.due == 99
    assert figures.p50 == pytest.approx(0.0015)
    assert figures.worst == pytest.approx(0.00199)
    assert figures.on_time == 1


def test_late_arrivals_show_in_the_tail_and_the_share() -> None:
    lateness = Lateness()
    for number in range(100):
        lateness.add(1, 0.2 if number < 5 else 0.001)
    figures = lateness.snapshot(2)
    assert (figures.p50, figures.p99, figures.on_time) == (0.001, 0.2, 0.95)


def test_nothing_due_is_not_punctual() -> None:
    assert Lateness().snapshot(5).p99 is None
