"""The fast paths give what the evaluator gives, on generated logs and queries."""

from __future__ import annotations

import json
import math
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.evaluator import Deadline, Evaluation, Matrix, Steps
from obstack_lab.telemetry.logql.pipeline import compile_stages, run
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki.fastpath import fast_matrix
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.record import Batch, Record
from obstack_lab.telemetry.loki.source import StoreSource
from obstack_lab.telemetry.loki.store import LogStore

SECOND = 1_000_000_000
LEVELS = st.sampled_from(["info", "error", "warn", "debug"])
NUMBERS = st.one_of(
    st.integers(-20, 2000).map(str),
    st.sampled_from(["1.50", "0.25", "1e3", "-0", "-0.5", "007", "12.", "10"]),
)
TEXTS = st.sampled_from(
    ["a", "error", "b c", 'q"uote', "ünïc", "x=y", "", "tab\t", "10", "\\", "a/b"]
)
KEYS = ["level", "n", "app", "path", "detected_level", "tid"]


@st.composite
def json_lines(draw: st.DrawFn) -> str:
    members = []
    for key in draw(st.lists(st.sampled_from([*KEYS, "k-1", "nested"]), max_size=5)):
        value = draw(
            st.one_of(
                LEVELS.map(json.dumps),
                NUMBERS,
                TEXTS.map(json.dumps),
                TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
                st.sampled_from(["true", "null", '{"n":1}', "[1]", '"\\u0065rror"']),
            )
        )
        members.append(f'"{key}":{draw(st.sampled_from(["", " "]))}{value}')
    ending = draw(st.sampled_from(["}", "}", "}", ""]))
    return "{" + draw(st.sampled_from([",", ", "])).join(members) + ending


@st.composite
def logfmt_lines(draw: st.DrawFn) -> str:
    words = []
    for key in draw(st.lists(st.sampled_from([*KEYS, "k-1"]), max_size=5)):
        value = draw(
            st.one_of(LEVELS, NUMBERS, TEXTS, TEXTS.map(json.dumps), st.just('"two words"'))
        )
        words.append(f"{key}={value}")
    return draw(st.sampled_from([" ", " ", "  "])).join(words)


PLAIN = st.fixed_dictionaries(
    {"level": LEVELS, "n": st.integers(0, 20)},
    optional={"path": st.sampled_from(["a/b", "c d"]), "app": st.just("inner")},
)
PLAIN_LINES = st.one_of(
    PLAIN.map(json.dumps),
    PLAIN.map(lambda pairs: json.dumps(pairs, separators=(",", ":"))),
    PLAIN.map(
        lambda pairs: " ".join(
            f'{key}="{value}"' if " " in str(value) else f"{key}={value}"
            for key, value in pairs.items()
        )
    ),
)
LINES = st.one_of(
    PLAIN_LINES,
    PLAIN_LINES,
    json_lines(),
    logfmt_lines(),
    st.sampled_from(["", "plain error words", "10"]),
)
META = st.dictionaries(
    st.sampled_from(["n", "tid", "level", "user"]), st.sampled_from(["1", "x", "error", "7.5"]),
    max_size=2,
)  # fmt: skip
LOGS = st.lists(
    st.tuples(st.integers(0, 599), st.integers(0, 2), LINES, META), min_size=20, max_size=40
)
STREAMS: list[dict[str, str]] = [
    {"app": "web", "env": "x"}, {"app": "db", "env": "x"}, {"env": "x", "tid": "s", "app": "q"},
]  # fmt: skip

LINE_FILTERS = [
    '|= "error"',
    '!= "a"',
    '|~ "err|10"',
    '!~ "^\\\\{"',
    '|= "b c" or "10"',
    '|= ""',
    '|= `"`',
]
LABEL_FILTERS = [
        '| level="error"', '| level!="info"', '| level=~"err.*|warn"', "| n > 5", "| n <= 10",
        "| n != 3", "| n == 10", '| n="10"', '| app_x=""', '| level="error" and n > 1',
        '| level="error" or n < 10', '| detected_level="error"', '| __error__=""', '| tid!=""',
        '| app="web"', '| level="10"', "| n >= 0.25", '| path="a/b"',
    ]  # fmt: skip
PARSERS = ["| json", "| logfmt", "| json level, n", '| logfmt l="level", n', ""]
GROUPS = ["", " by (level)", " by (app)", " by (l, n)", " by (tid, detected_level)"]


def query(rng: random.Random) -> str:
    """Return one of many queries, each part as likely as any other."""
    stages = [
        rng.choice(LINE_FILTERS) if rng.random() < 0.2 else "",
        rng.choice(PARSERS),
        *rng.sample(LABEL_FILTERS, rng.choice([0, 1, 1, 1, 2])),
        '| __error__=""' if rng.random() < 0.9 else "",
        rng.choice(LINE_FILTERS) if rng.random() < 0.1 else "",
    ]
    selector = rng.choice(['{env="x"}', '{env="x"}', '{app=~"web|q"}', '{app="db"}'])
    text = " ".join([selector, *filter(None, stages)])
    window = rng.choice(["[1m]", "[2m]", "[90s]", "[1m] offset 30s"])
    if rng.random() < 0.6:
        op = rng.choice(["count_over_time", "rate", "bytes_over_time", "bytes_rate"])
        inner = f"{op}({text} {window})"
        return f"sum{rng.choice(GROUPS)} ({inner})" if rng.random() < 0.8 else inner
    op = rng.choice(
        ["max_over_time(", "min_over_time(", "avg_over_time(", "quantile_over_time(0.9, ",
         "stdvar_over_time(", "sum_over_time("]
    )  # fmt: skip
    inner = f'{op}{text} | unwrap n | __error__="" {window})'
    if op.startswith("sum"):
        return f"sum{rng.choice(GROUPS)} ({inner})"
    return f"{inner} by (level, app)"


def filled(logs: list[tuple[int, int, str, dict[str, str]]]) -> LogStore:
    store = LogStore(Database())
    store.append(
        Batch(STREAMS[number], [Record(moment * SECOND, line, meta)])
        for moment, number, line, meta in logs
    )
    return store


class Plain(StoreSource):
    """The source without its fast paths."""

    def matrix(self, tree: ast.Query, steps: Steps, deadline: Deadline) -> Matrix | None:
        return None


def evaluated(source: StoreSource, query: str, steps: Steps) -> Any:
    try:
        result = Evaluation(source, steps).matrix(parse(query))
    except LogqlError as error:
        return str(error).split("for series")[0]
    return {labels: row for labels, row in result.items() if any(v is not None for v in row)}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return bool(left == right)
    return left.keys() == right.keys() and all(
        (a is None and b is None)
        or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))
        for labels in left
        for a, b in zip(left[labels], right[labels], strict=True)
    )


SEARCH = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@SEARCH
@given(
    logs=LOGS,
    seed=st.integers(0, 1 << 32),
)
def test_metric_queries_are_the_same_with_and_without_duckdb(
    logs: list[tuple[int, int, str, dict[str, str]]], seed: int
) -> None:
    store = filled(logs)
    rng = random.Random(seed)  # noqa: S311 - which queries are asked is no secret
    try:
        for _ in range(40):
            asked, step = query(rng), rng.choice([0, 60, 90])
            steps = Steps(120 * SECOND, 600 * SECOND, step * SECOND)
            if not step:
                steps = Steps(600 * SECOND, 600 * SECOND)
            fast = evaluated(StoreSource(store), asked, steps)
            exact = evaluated(Plain(store), asked, steps)
            assert same(fast, exact), (asked, fast, exact)
    finally:
        store.database.close()


@settings(parent=SEARCH, max_examples=25)
@given(logs=LOGS, filters=st.lists(st.sampled_from(LINE_FILTERS), max_size=3), newest=st.booleans())
def test_line_filters_are_the_same_in_sql_and_in_the_pipeline(
    logs: list[tuple[int, int, str, dict[str, str]]], filters: list[str], *, newest: bool
) -> None:
    store = filled(logs)
    tree = parse(" ".join(['{env="x"}', *filters]))
    assert isinstance(tree, ast.Selector)
    try:
        found = LineReader(store).read(tree, 0, 600 * SECOND, limit=1000, newest_first=newest)
        stages = compile_stages(tree.stages)
        every = store.scan(ast.Selector(tree.matchers), 0, 600 * SECOND)
        wanted = [entry for entry in every if run(stages, entry)]
    finally:
        store.database.close()
    assert [e.timestamp for e in found] == sorted((e.timestamp for e in wanted), reverse=newest)
    assert sorted(e.line for e in found) == sorted(e.line for e in wanted)


def test_the_fast_path_is_taken_where_it_should_be() -> None:
    logs = [(n, 0, f'{{"level":"error","n":{n}}}', {"tid": str(n)}) for n in range(100)]
    store = filled(logs)
    steps = Steps(120 * SECOND, 600 * SECOND, 60 * SECOND)
    for query in (
        'sum by (level) (count_over_time({env="x"} | json | level="error" [1m]))',
        'rate({env="x"} |= "error" [1m])',
        'quantile_over_time(0.5, {env="x"} | json | unwrap n [1m]) by (level)',
    ):
        assert fast_matrix(store, parse(query), steps, Deadline()) is not None, query
    store.database.close()


def test_a_number_of_the_metadata_or_the_stream_goes_before_the_line(
    log_store: LogStore,
) -> None:
    steps = Steps(60 * SECOND, 60 * SECOND)
    asked = 'sum by (level) (count_over_time({env="x"} | json | n > 5 [1m]))'
    line = '{"level":"error","n":1}'
    log_store.append([Batch({"env": "x"}, [Record(SECOND, line, {"n": "9"})])])
    assert fast_matrix(log_store, parse(asked), steps, Deadline()) == {(("level", "error"),): [1.0]}
    log_store.append([Batch({"env": "x", "n": "9"}, [Record(SECOND, line)])])
    assert evaluated(StoreSource(log_store), asked, steps) == {(("level", "error"),): [2.0]}
