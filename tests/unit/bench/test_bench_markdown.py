"""The page of budgets holds what was measured, and says when it should not be believed."""

from __future__ import annotations

import pytest

from obstack_lab.bench.budget import Budget
from obstack_lab.bench.figure import figure
from obstack_lab.bench.machine import Machine
from obstack_lab.bench.markdown import number, page, quantity, tables
from obstack_lab.bench.session import Session

MACHINE = Machine(system="X 1", processor="y", python="3", cores=2, memory=8, load=0.1)
FIGURES = {
    "load_on_time": figure(
        "on time", [0.98765], "ratio", n=9000, budget=Budget(0.99, "at least"), beside={"L": 0.7}
    ),
    "start_warm": figure("again", [2.0, 3.0, 4.5], "s", of="worst", budget=Budget(5)),
    "start_cold": figure("cold", [9.9], "s", parts={"postgres": 2.0, "services": 3.5}),
    "logql_filter": figure("a | b", [], "ms", budget=Budget(150), note="504"),
}


def session(**changes):
    return Session(
        **{"machine": MACHINE, "quick": False, "figures": FIGURES, "notes": ("load: skipped",)}
        | changes
    )


def rows(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def test_a_row_has_value_budget_verdict_spread_and_peers():
    text = tables(session())
    assert "| on time | 98.77 % | at least 99.00 % | **missed** | n 9,000 | L 70.00 % |" in text
    assert "| again | 4.5 s | at most 5 s | met | 3, 4.5, 3 |  |" in text
    assert "| cold | 9.9 s |  |  |  |  |" in text


def test_what_was_not_measured_says_so_and_why():
    assert r"| a \| b | not measured (504) | at most 150 ms | **missed** |  |  |" in tables(
        session()
    )


def test_every_row_has_as_many_cells_as_the_heading():
    for row in rows(tables(session())):
        assert row.replace(r"\|", "").count("|") == 7, row


def test_figures_stand_under_their_benchmark():
    text = tables(session())
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## load", "## start", "## logql", "## Notes"]


def test_what_a_figure_is_made_of_is_listed_largest_first():
    assert "* cold: services 3.5, postgres 2 s" in tables(session())


def test_notes_and_failures_are_on_the_page():
    text = page(session(failures={"react": "Timeout."}))
    assert "* load: skipped" in text
    assert "* react could not be measured: Timeout." in text


def test_a_quick_run_and_a_busy_machine_are_warned_of():
    assert "quick run" not in page(session())
    assert "was busy" not in page(session())
    assert "quick run" in page(session(quick=True))
    assert "was busy" in page(session(machine=MACHINE.model_copy(update={"load": 5.0})))


def test_the_page_names_the_machine_and_how_to_measure_again():
    text = page(session())
    assert MACHINE.describe() in text
    assert "`./lab bench --markdown`" in text
    assert "{" not in text.replace("`{", "")


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, "1,234"), (99.94, "99.9"), (0.01234, "0.0123"), (0.0, "0")]
)
def test_a_number_has_three_digits_that_mean_something(value, shown):
    assert number(value) == shown


def test_a_value_that_is_not_known_is_not_zero():
    assert quantity(None, "s") == "not measured"
    assert quantity(0.5, "ratio") == "50.00 %"
