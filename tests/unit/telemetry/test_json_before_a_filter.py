"""`| json` that stops early where the next filter drops the line: the answer is the same."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from obstack_lab.telemetry.logql import ast, jsonline, pipeline
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.parser import read

FILTERS = (
    *("status >= 500", "status < 500", "status != 200", "a_b > 1", "s = 1", "status > 1m"),
    *('level="error"', 'level!="error"', 'level=~"err.*"', 'a_b="1"', '__error__=""'),
)
KEYS = ("status", "level", "s", "a", "b", "a_b", "a.b", " status ", r"st\u0061tus", "msg", "x")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([200, 500, 503, -1, 1.5, 2.0, 1e300, "200", "500", "error", "info", "1", ""])
    | st.sampled_from(['{"status":500}', '"status":200,', "é", "5m", "status"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)
MEMBERS = st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=5)


def text_of(members: list[tuple[str, object]], cut: int, between: str) -> str:
    """Return an object with these members, some of them twice, cut short somewhere or not."""
    inner = f",{between}".join(
        f'"{key}"{between}:{between}{json.dumps(value)}' for key, value in members
    )
    whole = f"{{{inner}}}"
    return whole[: len(whole) - cut]


def stages_of(query: str) -> tuple[ast.Stage, ...]:
    tree, _ = read(query)
    assert isinstance(tree, ast.Selector)
    return tree.stages


def outcome(stages: list[pipeline.StageFunction], line: str, stream: dict[str, str]) -> object:
    entry = Entry(0, line, stream, {})
    return pipeline.run(stages, entry) and (entry.labels(), entry.line)


@settings(max_examples=600, deadline=None)
@given(
    members=MEMBERS,
    cut=st.sampled_from([0, 0, 0, 1, 2, 7]),
    between=st.sampled_from(["", " "]),
    told=st.sampled_from(FILTERS),
    stream=st.sampled_from([{}, {"status": "500"}, {"level": "error"}]),
)
@example([(r"st\u0061tus", 500), ("status", 200)], 0, "", "status >= 500", {})
@example([(" status ", 500), ("status", 200)], 0, "", "status >= 500", {})
@example([("status", 200)], 0, "", "status >= 500", {"status": "500"})
@example([("a", {"b": 5}), ("a_b", 0)], 0, "", "a_b > 1", {})
def test_the_two_stages_together_answer_as_one_after_the_other(
    members: list[tuple[str, object]], cut: int, between: str, told: str, stream: dict[str, str]
) -> None:
    line = text_of(members, cut, between)
    stages = stages_of(f'{{a="b"}} | json | {told}')
    together = pipeline.compile_stages(stages)
    apart = [jsonline.parse_json, *pipeline.compile_stages(stages[1:])]
    assert outcome(together, line, stream) == outcome(apart, line, stream)


def test_a_line_that_is_dropped_early_is_not_taken_apart() -> None:
    """The shortcut is taken: nothing was extracted from the line."""
    stages = pipeline.compile_stages(stages_of('{a="b"} | json | status >= 500'))
    entry = Entry(0, '{"msg":"well","status":200,"more":{"x":1}}', {}, {})
    assert not pipeline.run(stages, entry)
    assert entry.parsed == {}
