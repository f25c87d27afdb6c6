"""A figure says what was measured, how much it varies, and whether it keeps its budget."""

from __future__ import annotations

import pytest

from obstack_lab.bench.budget import BUDGETS, Budget
from obstack_lab.bench.figure import figure, percentile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_percentile_is_the_smallest_sample_that_so_many_do_not_pass(share, expected):
    samples = list(range(100, 0, -1))
    assert percentile(samples, share) == expected


def test_the_percentile_of_one_sample_is_that_sample():
    assert percentile([7.0], 0.01) == percentile([7.0], 0.99) == 7.0


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


@pytest.mark.parametrize(("of", "expected"), [("median", 2), ("worst", 10), ("mean", 4)])
def test_the_value_is_the_statistic_that_was_asked_for(of, expected):
    made = figure("a", [10, 1, 2, 3, 4, 2, 2, 8], "s", of=of)
    assert made.value == expected
    assert (made.p50, made.p99, made.least, made.most, made.n) == (2, 10, 1, 10, 8)


def test_one_sample_has_no_spread():
    made = figure("a", [3.0], "s", n=500)
    assert (made.value, made.n) == (3.0, 500)
    assert made.p50 is made.p99 is made.least is made.most is None


@pytest.mark.parametrize(
    ("budget", "value", "met"),
    [
        (Budget(5), 5.0, True),
        (Budget(5), 5.01, False),
        (Budget(0.99, "at least"), 0.99, True),
        (Budget(0.99, "at least"), 0.98, False),
        (Budget(0.99, "at least"), None, False),
        (Budget(5), None, False),
    ],
)
def test_a_budget_is_kept_up_to_its_limit_and_never_by_what_is_not_known(budget, value, met):
    assert budget.met(value) is met


def test_a_figure_without_a_budget_has_no_verdict():
    assert figure("a", [1.0], "s").met is None


def test_a_figure_without_samples_misses_its_budget():
    made = figure("a", [], "s", budget=Budget(5), note="504 after 30 s")
    assert (made.value, made.met, made.n) == (None, False, 0)


def test_the_worst_of_some_samples_counts_and_not_the_median():
    assert figure("a", [1, 1, 9], "s", of="worst", budget=Budget(5)).met is False
    assert figure("a", [1, 1, 9], "s", budget=Budget(5)).met is True


def test_a_figure_carries_its_budget_into_json():
    plain = figure("a", [0.5], "ratio", budget=BUDGETS["load_on_time"]).model_dump(mode="json")
    assert (plain["budget"], plain["bound"], plain["met"]) == (0.99, "at least", False)
