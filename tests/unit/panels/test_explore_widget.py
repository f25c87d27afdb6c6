"""`lab.explore(…)`: what it shows to begin with, and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from obstack_lab.errors import UnknownName, UsageError
from obstack_lab.lab import Asked, Front, Lab, use_front
from obstack_lab.panels import open_explore
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

STATE = LabState(
    lab_id="0",
    pid=1,
    pid_started=0,
    url="http://127.0.0.1:1",
    token="none",
    engine="embedded",
    started_at=0,
)


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    with Lab(LabHome(tmp_path), STATE) as opened:
        yield opened
    use_front(None)


def test_without_a_notebook_it_says_what_to_do(lab: Lab) -> None:
    use_front(None)
    with pytest.raises(UsageError, match="load_ext obstack_lab"):
        lab.explore("logs")


def test_the_front_end_gets_what_was_asked(lab: Lab) -> None:
    asked: list[Asked] = []
    use_front(Front(show=lambda _: None, explore=lambda _, wanted: asked.append(wanted)))
    lab.explore("logs", '{service_name="orders"} |= "timeout"', last="5m")
    lab.dashboards("overview")
    assert asked == [
        Asked("logs", '{service_name="orders"} |= "timeout"', "5m"),
        Asked("dashboards", "overview", "15m"),
    ]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (Asked("logs", "{a=`b`}", "5m"), {"signal": "logs", "query": "{a=`b`}", "last": "5m"}),
        (Asked("metrics", "", (10.0, 20.0)), {"signal": "metrics", "from": 10.0, "to": 20.0}),
        (Asked("traces", "ab" * 16, "1h"), {"signal": "traces", "trace": "ab" * 16, "last": "1h"}),
    ],
    ids=str,
)
def test_explore_begins_with_it(lab: Lab, asked: Asked, shown: dict[str, Any]) -> None:
    page = open_explore(lab, asked).widget.page
    assert page["kind"] == "explore"
    assert page["asked"] == shown
    assert len(page["bundle"]) == 64


def test_the_saved_notebook_stays_small(lab: Lab) -> None:
    """The bundle is asked for when it is shown; it is no trait that a notebook keeps."""
    shown = open_explore(lab, Asked("metrics", "up", "5m"))
    state = shown.widget.get_state()
    kept = sum(len(str(value)) for key, value in state.items() if key not in {"_esm", "_css"})
    assert kept < 10_000


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (Asked("profiles", "", "5m"), UnknownName),
        (Asked("dashboards", "nonesuch", "5m"), UnknownName),
        (Asked("logs", "", "soon"), UsageError),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused_at_once(
    lab: Lab, asked: Asked, error: type[Exception]
) -> None:
    with pytest.raises(error):
        open_explore(lab, asked)


def test_where_the_bundle_fails_the_plain_query_is_answered(lab: Lab) -> None:
    shown = open_explore(lab, Asked("metrics", "up", "5m"))
    sent: list[Any] = []
    shown.widget.send = lambda reply, *_: sent.append(reply)
    shown._query({"id": 7, "params": {"language": "promql", "query": ""}})
    assert sent == [
        {"id": 7, "ok": False, "error": "There is no query. Write one, or press an example."}
    ]
