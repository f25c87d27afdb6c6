"""Whatever an author gets wrong comes back with file, path, line and what was expected."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from obstack_lab.errors import Problem, ScenarioError
from obstack_lab.scenario.consistency import Known
from obstack_lab.scenario.loader import load, problems

DATA = Path(__file__).parent / "data"
GOOD = DATA / "page-loads-slowly"


@dataclass(frozen=True)
class Case:
    """One mistake made in the good scenario: replace `old` by `new`, expect this problem."""

    name: str
    old: str
    new: str
    path: str
    line: int
    expected: str


CASES = [Case(**case) for case in yaml.safe_load((DATA / "mistakes.yaml").read_text("utf-8"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / GOOD.name
    shutil.copytree(GOOD, copy)
    return copy


def test_the_good_scenario_has_no_mistake(folder: Path) -> None:
    assert problems(folder) == ()
    assert load(folder).briefing.startswith("# Pages load slowly")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_mistake_is_reported_where_it_is(case: Case, folder: Path) -> None:
    file = folder / "scenario.yaml"
    text = file.read_text("utf-8")
    assert case.old in text, "the case does not change anything"
    file.write_text(text.replace(case.old, case.new, 1), "utf-8")
    found = problems(folder)
    there = [problem for problem in found if problem.path == case.path]
    assert there, f"nothing at {case.path}, but: {found}"
    assert case.expected in there[0].message
    assert there[0].line == case.line
    assert there[0].file == str(file)


def only(folder: Path, text: bytes) -> Problem:
    (folder / "scenario.yaml").write_bytes(text)
    (problem,) = problems(folder)
    assert problem.path == "(file)"
    return problem


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (b"", 1, "the file is empty"),
        (b"# only a remark\n", 1, "the file is empty"),
        (b"- id: a\n", 1, "`key: value` lines at the top, found a list"),
        (b"\nhello\n", 2, "found the text 'hello'"),
        (b"id: a\ntitle: \x07\n", 2, "a character that YAML does not allow: U+0007"),
        (b"id: a\ntitle: \xff\n", 2, "expected UTF-8 text"),
    ],
)
def test_a_file_that_is_no_scenario_at_all(
    text: bytes, line: int, expected: str, folder: Path
) -> None:
    problem = only(folder, text)
    assert expected in problem.message
    assert problem.line == line


@pytest.mark.parametrize(
    "name", ["scenario.yaml", "briefing.md", "explanation.md", "instructor.md"]
)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    (problem,) = problems(folder)
    assert problem.file == str(folder / name)
    assert problem.message.startswith("the file is missing; expected the ")


def test_an_empty_briefing_is_a_mistake(folder: Path) -> None:
    (folder / "briefing.md").write_text(" \n")
    assert [p.message for p in problems(folder)] == [
        "the file is empty; expected the briefing, in Markdown"
    ]


def test_a_briefing_that_tells_the_fault_is_a_mistake(folder: Path) -> None:
    (folder / "briefing.md").write_text("# Slow\n\nSince 2.4.0 pages are slow.\n")
    (problem,) = problems(folder)
    assert (problem.line, problem.file) == (3, str(folder / "briefing.md"))
    assert "'2.4.0' is a parameter of the fault" in problem.message


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(folder: Path) -> None:
    file = folder / "scenario.yaml"
    text = file.read_text("utf-8")
    text = text.replace("minutes: 10", "minutes: ten").replace("patience: 2s", "patience: 2")
    text = text.replace("clear: bad-change", "clear: nothing").replace(
        "title: Pages l", "titel: Pages l"
    )
    text = text.replace("answer: [gateway]", "answer: [x]").replace(
        "users: 10", "users: 10\n  users: 20"
    )
    file.write_text(text, "utf-8")
    (folder / "explanation.md").unlink()
    with pytest.raises(ScenarioError) as caught:
        load(folder)
    places = [(Path(p.file).name, p.path, p.line) for p in caught.value.problems]
    assert places == [
        ("scenario.yaml", "title", 1),
        ("scenario.yaml", "titel", 2),
        ("scenario.yaml", "minutes", 4),
        ("scenario.yaml", "load.users", 18),
        ("scenario.yaml", "timeline[2].clear", 37),
        ("scenario.yaml", "questions[0].answer[0]", 66),
        ("explanation.md", "(file)", 1),
    ]
    assert str(caught.value).count("\n") == len(places) - 1


def test_names_from_outside_are_checked_where_the_caller_knows_them(folder: Path) -> None:
    known = Known(
        services=frozenset({"gateway", "orders"}),
        requests=frozenset({"catalog"}),
        actions=frozenset({"rollback", "restart"}),
        drivers=frozenset({"release"}),
        alerts=frozenset({"PageSlow", "Other"}),
    )
    found = {problem.path: problem.message for problem in problems(folder, known)}
    assert found == {
        "services[1]": "there is no service 'inventory'; known: gateway, orders",
        "load.journeys[0].steps[0]": "there is no request 'catalogue'; did you mean 'catalog'?",
        "alerts[0]": "there is no alert rule 'PagesSlow'; did you mean 'PageSlow'?",
    }


def test_the_file_is_named_from_here_where_it_is_below_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder / "scenario.yaml").write_text("")
    (problem,) = problems(folder)
    assert str(problem).startswith("page-loads-slowly/scenario.yaml:1: (file): the file is empty")


def test_a_pushed_setting_that_the_service_refuses_is_told(folder: Path) -> None:
    file = folder / "scenario.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace(
            'driver: release, params: {service: gateway, release: "2.4.0"}',
            "driver: config, params: {service: gateway, orders_timeout: -1}",
        ),
        "utf-8",
    )
    known = Known(setting=lambda service, name, value: f"{service} refuses {name}={value}")
    found = {problem.path: problem.message for problem in problems(folder, known)}
    where = "timeline[0].inject.params.orders_timeout"
    assert found[where] == "gateway refuses orders_timeout=-1"
