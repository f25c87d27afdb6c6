"""`./lab bench` prints JSON or the page on stdout, and exits 1 when a budget is missed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from obstack_lab.bench import registry
from obstack_lab.bench.budget import Budget
from obstack_lab.bench.figure import figure
from obstack_lab.bench.setting import Measured
from obstack_lab.cli.app import app


@pytest.fixture
def limit(monkeypatch):
    """Replace every benchmark by one that measures 3 s against this budget."""
    limits = [5.0]

    def benchmark(name):
        made = figure(f"time of {name}", [3.0], "s", budget=Budget(limits[0]))
        return lambda _setting: Measured({name: made})

    monkeypatch.setattr(registry, "benchmark", benchmark)
    return limits


def run(*words):
    return CliRunner().invoke(app, ["bench", *words])


def test_json_is_the_only_thing_on_stdout(limit):
    done = run("load", "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (answer["figures"]["load"]["value"], answer["figures"]["load"]["met"]) == (3.0, True)


def test_a_missed_budget_exits_1_and_is_named(limit):
    limit[0] = 2.0
    done = run("load")
    assert done.exit_code == 1
    assert "missed: time of load: 3 s, at most 2 s" in done.stdout


def test_every_benchmark_is_played_without_a_name(limit):
    done = run("--json")
    assert tuple(json.loads(done.stdout)["figures"]) == registry.NAMES


def test_markdown_is_the_page(limit):
    done = run("react", "--markdown")
    assert done.stdout.startswith("# Budgets")
    assert "| time of react | 3 s | at most 5 s | met |" in done.stdout


def test_an_unknown_name_lists_the_known_ones(limit):
    done = run("speed")
    assert done.exit_code != 0
    assert "start" in str(done.exception)


def test_earlier_runs_are_told_together_and_nothing_is_measured_anew(limit, tmp_path):
    files = []
    for name, most in (("soak", 5.0), ("react", 5.0), ("soak", 2.0)):
        limit[0] = most
        files += ["--with", str(tmp_path / f"{len(files)}.json")]
        (tmp_path / files[-1]).write_text(run(name, "--json").stdout, encoding="utf-8")
    limit.clear()
    done = run("--markdown", *files)
    assert done.exit_code == 1, "the later one of soak missed its budget"
    assert done.stdout.index("## react") < done.stdout.index("## soak")
    assert done.stdout.count("time of soak") == 1


def test_a_file_that_is_no_run_is_named(tmp_path):
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    for path in (other, tmp_path / "none.json"):
        assert path.name in str(run("--with", str(path)).exception)
