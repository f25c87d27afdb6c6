"""The three magics: options first, the query untouched, errors with a caret and no traceback."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from obstack_lab.errors import LabDown, QueryError
from obstack_lab.lab import ClosedLab, Lab
from obstack_lab.magics import _split, register


class Asked(Lab):
    """A lab that remembers what it was asked."""

    def __init__(self, answer: Any = "frame") -> None:
        self.calls: list[tuple] = []
        self.answer = answer

    def promql(self, query: str, **options: Any) -> Any:
        self.calls.append((query, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    logql = traceql = promql


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell()
    register(made)
    return made


def test_loading_brings_the_names_and_a_lab_that_says_how_to_open_one(
    shell: InteractiveShell,
) -> None:
    assert callable(shell.user_ns["open_lab"])
    assert isinstance(shell.user_ns["lab"], ClosedLab)
    held = shell.user_ns["lab"] = Asked()
    register(shell)
    assert shell.user_ns["lab"] is held


@pytest.mark.parametrize("language", ["promql", "logql", "traceql"])
def test_a_cell_is_the_query_as_it_stands(shell: InteractiveShell, language: str) -> None:
    lab = shell.user_ns["lab"] = Asked()
    query = '{service_name="orders", a=~"$x"} | json | line_format "{{.message}}"'
    assert shell.run_cell_magic(language, "--last 5m", query + "\n") == "frame"
    assert lab.calls[0][0] == query
    assert lab.calls[0][1]["last"] == "5m"


def test_a_line_is_options_and_then_the_query_untouched(shell: InteractiveShell) -> None:
    lab = shell.user_ns["lab"] = Asked()
    shell.run_line_magic("promql", '--last 1h --step=5s up{job="a b"}  ==  1')
    assert lab.calls == [('up{job="a b"}  ==  1', {"last": "1h", "step": "5s"})]


def test_braces_and_dollars_are_not_expanded(shell: InteractiveShell) -> None:
    lab = shell.user_ns["lab"] = Asked()
    shell.user_ns["x"] = "EXPANDED"
    shell.run_cell("%promql up{x} $x", silent=True)
    assert lab.calls[0][0] == "up{x} $x"


def test_as_binds_the_frame_to_a_name(shell: InteractiveShell) -> None:
    shell.user_ns["lab"] = Asked()
    assert shell.run_cell_magic("promql", "--as frame", "up") is None
    assert shell.user_ns["frame"] == "frame"


def test_a_bad_query_shows_a_caret(shell: InteractiveShell) -> None:
    wrong = QueryError("unexpected )", language="promql", query="sum(up))", line=1, column=8)
    shell.user_ns["lab"] = Asked(wrong)
    with pytest.raises(UsageError) as caught:
        shell.run_cell_magic("promql", "", "sum(up))")
    assert str(caught.value) == "unexpected )\nsum(up))\n       ^"


def test_no_query_a_wrong_option_and_a_lab_that_is_gone_say_so(shell: InteractiveShell) -> None:
    shell.user_ns["lab"] = Asked(LabDown())
    with pytest.raises(UsageError, match="no query"):
        shell.run_line_magic("promql", "--last 5m")
    with pytest.raises(UsageError, match="unrecognized arguments"):
        shell.run_line_magic("logql", "--step 5s {}")
    with pytest.raises(UsageError, match="goes in the cell"):
        shell.run_cell_magic("logql", "{a}", "{b}")
    with pytest.raises(UsageError, match=r"\./lab up"):
        shell.run_line_magic("promql", "up")


def test_options_end_where_the_query_begins() -> None:
    assert _split("--last 5m --a=b -x") == ("--last 5m --a=b ", "-x")
    assert _split("up --last") == ("", "up --last")
