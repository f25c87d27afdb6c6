"""Starting in parallel: order, errors, reports."""

from __future__ import annotations

import threading

import pytest

from obstack_lab.engine.embedded.graph import Graph, Task
from obstack_lab.engine.interface import Progress
from obstack_lab.errors import EngineError, MissingProgram


def run(tasks: dict[str, Task]) -> list[Progress]:
    said: list[Progress] = []
    Graph(tasks, said.append, lambda: 0.0).run()
    return said


def test_what_is_needed_comes_first() -> None:
    done: list[str] = []
    run(
        {
            "services": Task(lambda: done.append("services"), ("seed",)),
            "seed": Task(lambda: done.append("seed"), ("postgres",)),
            "postgres": Task(lambda: done.append("postgres")),
        }
    )
    assert done == ["postgres", "seed", "services"]


def test_what_needs_nothing_runs_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=5)
    met: list[int] = []
    meet = Task(lambda: met.append(both.wait()))
    run({"edge": meet, "load": meet})
    assert sorted(met) == [0, 1]


def test_every_step_is_reported() -> None:
    said = run({"edge": Task(lambda: None)})
    assert [(each.component, each.state) for each in said] == [
        ("edge", "starting"),
        ("edge", "ready"),
    ]


def test_the_first_error_is_raised_and_what_depends_on_it_is_not_begun() -> None:
    begun: list[str] = []
    said: list[Progress] = []

    def fail() -> None:
        raise MissingProgram("prometheus", "Install it.")

    graph = Graph(
        {"prometheus": Task(fail), "orders": Task(lambda: begun.append("x"), ("prometheus",))},
        said.append,
        lambda: 0.0,
    )
    with pytest.raises(MissingProgram, match="Install it"):
        graph.run()
    assert not begun
    assert ("prometheus", "failed") in [(each.component, each.state) for each in said]


def test_an_unexpected_error_names_the_component() -> None:
    def fail() -> None:
        raise OSError("No space left on device")

    with pytest.raises(EngineError, match="edge could not be started: No space left") as caught:
        run({"edge": Task(fail)})
    assert isinstance(caught.value.__cause__, OSError)
