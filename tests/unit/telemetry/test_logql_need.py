"""What a metric query does not need is not read, and what it cannot show does not matter."""

from __future__ import annotations

import pytest

from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.evaluator import Evaluation, Steps
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki.record import Batch, Record
from obstack_lab.telemetry.loki.source import StoreSource

SECOND = 1_000_000_000
LINES = ('{"level":"info","msg":"open', "level=error n=5 =x", '{"level":"warn","n":"7"}')


@pytest.fixture
def ask(log_store):
    records = [Record((place + 1) * SECOND, line) for place, line in enumerate(LINES)]
    log_store.append([Batch({"app": "web"}, records)])

    def run(query):
        steps = Steps(60 * SECOND, 60 * SECOND)
        found = Evaluation(StoreSource(log_store), steps).run(parse(query))
        return {tuple(dict(labels).items()): row[0] for labels, row in found.items()}

    return run


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('sum(count_over_time({app="web"} | json [1m]))', {(): 3.0}),
        ('sum(count_over_time({app="web"} | unpack | drop level [1m]))', {(): 3.0}),
        ('sum(count_over_time({app="web"} | logfmt --strict a, b [1m]))', {(): 3.0}),
        (
            'sum by (level) (count_over_time({app="web"} |= "open" | json [1m]))',
            {(("level", "info"),): 1.0},
        ),
        (
            'sum by (level) (count_over_time({app="web"} |= "=x" | logfmt --strict [1m]))',
            {(("level", "error"),): 1.0},
        ),
        ('sum(count_over_time({app="web"} | line_format "{{ nonsense" [1m]))', {(): 3.0}),
        ('sum_over_time({app="web"} | label_format n="" | unwrap n [1m])', {}),
        ('absent_over_time({app="db"} | json [1m])', {(("app", "db"),): 1.0}),
    ],
)
def test_a_line_that_only_an_unread_parser_could_fail_on_is_counted(ask, query, found):
    assert ask(query) == found


@pytest.mark.parametrize(
    "query",
    [
        'count_over_time({app="web"} | json [1m])',
        'max(count_over_time({app="web"} | json [1m]))',
        'sum by (msg) (count_over_time({app="web"} |= "open" | json [1m]))',
        'sum without (app) (count_over_time({app="web"} | json [1m]))',
        'sum(bytes_over_time({app="web"} | json | line_format "{{.n}}" [1m]))',
        'bytes_over_time({app="web"} | line_format "{{ nonsense" [1m])',
        'count_over_time({app="web"} | line_format "{{ nonsense" |= "x" [1m])',
    ],
)
def test_a_mistake_in_what_is_read_is_an_error(ask, query):
    with pytest.raises(LogqlError):
        ask(query)


def test_a_renaming_stage_takes_labels_without_a_value_away(ask):
    kept = 'count_over_time({app="web"} | label_format e="" | drop detected_level [1m])'
    assert [dict(labels) for labels in ask(kept)] == [{"app": "web", "service_name": "web"}]
    shown = 'sum by (e) (count_over_time({app="web"} | label_format e="" [1m]))'
    assert ask(shown) == {(("e", ""),): 3.0}
