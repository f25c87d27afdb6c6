"""The log store: what it adds, drops, forgets and keeps over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.housekeeper import Housekeeper, Retention
from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.validate import parse_selector
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.record import Batch, Record
from obstack_lab.telemetry.loki.store import LogStore

SECOND = 1_000_000_000
ALL = ast.Selector((ast.Matcher("service_name", "=~", ".+"),))


def lines(store: LogStore) -> list[str]:
    return [entry.line for entry in store.scan(ALL, 0, 1 << 62, order="ASC")]


def one(moment: int, line: str, **labels: str) -> Batch:
    return Batch(labels or {"app": "web"}, [Record(moment * SECOND, line)])


def test_a_line_is_found_at_once_with_service_and_level(log_store: LogStore) -> None:
    log_store.append([one(1, 'level=warn msg="x"')])
    entry = next(iter(log_store.scan(ALL, 0, 1 << 62)))
    assert entry.labels() == {"app": "web", "service_name": "web", "detected_level": "warn"}


def test_a_repeated_line_is_dropped_but_not_another_at_the_same_time(log_store: LogStore) -> None:
    assert log_store.append([one(1, "a"), one(1, "a"), one(1, "b"), one(1, "a", app="db")]) == 3
    log_store.flush()
    assert log_store.append([one(1, "a")]) == 0
    assert sorted(lines(log_store)) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("line", "meta", "level"),
    [
        ('{"level":"ERROR"}', {}, "error"),
        ("ts=1 lvl=dbg", {}, "debug"),
        ("it Failed with error 5", {}, "error"),
        ("nothing to see", {}, "unknown"),
        ("x", {"severity_number": "13"}, "warn"),
        ("level=info", {"severity_text": "ERROR"}, "error"),
    ],
)
def test_the_level_is_detected(
    log_store: LogStore, line: str, meta: dict[str, str], level: str
) -> None:
    log_store.append([Batch({"app": "web"}, [Record(SECOND, line, meta)])])
    (entry,) = log_store.scan(ALL, 0, 1 << 62)
    assert entry.get("detected_level") == level


def test_a_label_of_the_stream_says_the_level_before_the_line(log_store: LogStore) -> None:
    log_store.append([one(1, "level=debug", app="web", level="warn")])
    (entry,) = log_store.scan(ALL, 0, 1 << 62)
    assert entry.get("detected_level") == "warn"


def test_streams_are_selected_by_labels_that_may_be_absent(log_store: LogStore) -> None:
    log_store.append([one(1, "a"), one(2, "b", app="db", env="x")])

    def found(selector: str) -> list[str]:
        matchers = parse_selector(selector).matchers
        return sorted(stream.labels["app"] for stream in log_store.streams.select(matchers))

    assert found('{app=~".+", env=""}') == ["web"]
    assert found('{app!="web", service_name=~"d.|web"}') == ["db"]


def test_old_lines_go_by_age_and_their_streams_with_them(log_store: LogStore) -> None:
    log_store.append([one(100, "old", app="gone"), one(900, "new")])
    keeper = Housekeeper(log_store.database, Retention(500, None), clock=lambda: 1000.0)
    log_store.database.register(log_store)
    keeper.sweep()
    assert lines(log_store) == ["new"]
    assert keeper.expired_rows == 1
    assert [stream.labels["app"] for stream in log_store.streams] == ["web"]


def test_the_oldest_go_when_the_store_is_over_its_ceiling(tmp_path: Path) -> None:
    database = Database(tmp_path / "t.duckdb")
    store = LogStore(database)
    database.register(store)
    keeper = Housekeeper(database, Retention(None, 0.5), clock=lambda: 0.0)
    for number in range(20):
        store.append([Batch({"app": "web"}, [
            Record((number * 1000 + at) * SECOND, f"{number} {at} {hash((number, at)):x}" * 3)
            for at in range(1000)
        ])])  # fmt: skip
        store.flush()
        keeper.sweep()
    left = list(store.scan(ALL, 0, 1 << 62, order="ASC"))
    assert keeper.evictions > 0
    assert left[-1].timestamp == 19_999 * SECOND
    assert left[0].timestamp > 0
    database.close()


def test_a_long_log_is_folded_in_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obstack_lab.telemetry.housekeeper.LOG_MEGABYTES", 0.01)
    database = Database(tmp_path / "t.duckdb")
    store = LogStore(database)
    database.register(store)
    store.append([Batch({"app": "web"}, [Record(n * SECOND, f"line {n}") for n in range(2000)])])
    store.flush()
    assert database.log_bytes() > 10_000
    Housekeeper(database, Retention(None, None), clock=lambda: 0.0).sweep()
    assert database.log_bytes() < 10_000
    assert len(list(store.scan(ALL, 0, 1 << 62))) == 2000
    database.close()


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    database = Database(tmp_path / "t.duckdb")
    store = LogStore(database)
    store.append([Batch({"app": "web"}, [Record(SECOND, "kept", {"tid": "7"})])])
    database.register(store)
    database.close()
    again = LogStore(Database(tmp_path / "t.duckdb"))
    entry = next(iter(again.scan(ALL, 0, 1 << 62)))
    assert (entry.line, entry.meta["tid"]) == ("kept", "7")
    assert again.append([one(2, "more")]) == 1
    assert len(again.streams) == 1
    again.database.close()


def test_a_limit_takes_the_newest_or_the_oldest(log_store: LogStore) -> None:
    log_store.append([one(moment, str(moment)) for moment in range(0, 3000, 100)])
    reader = LineReader(log_store)
    newest = reader.read(ALL, 0, 3000 * SECOND, limit=2)
    oldest = reader.read(ALL, 0, 3000 * SECOND, limit=2, newest_first=False)
    assert [entry.line for entry in newest] == ["2900", "2800"]
    assert [entry.line for entry in oldest] == ["0", "100"]


@settings(max_examples=20, deadline=None)
@given(
    moments=st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), max_size=60),
    kept=st.integers(1, 12),
    window=st.tuples(st.integers(0, 45), st.integers(0, 45)),
    limit=st.integers(1, 20),
    newest_first=st.booleans(),
    restarted=st.integers(0, 60),
)
def test_lines_in_memory_and_in_the_database_are_one_sequence(
    moments: list[tuple[int, str]],
    kept: int,
    window: tuple[int, int],
    limit: int,
    *,
    newest_first: bool,
    restarted: int,
) -> None:
    database = Database()
    store = LogStore(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("obstack_lab.telemetry.loki.recent.MOST_LINES", kept)
        for number, (moment, app) in enumerate(moments):
            if number == restarted:
                store.flush()
                store = LogStore(database)
            store.append([one(moment, f"{number}", app=app)])
    start, end = (moment * SECOND for moment in window)
    read = LineReader(store).read(ALL, start, end, limit=limit, newest_first=newest_first)
    expected = sorted((m for m, _ in moments if start <= m * SECOND < end), reverse=newest_first)
    assert [entry.timestamp // SECOND for entry in read] == expected[:limit]
    whole = LineReader(store).read(ALL, start, end, limit=100, newest_first=newest_first)
    assert sorted(int(entry.line) for entry in whole) == [
        number for number, (m, _) in enumerate(moments) if start <= m * SECOND < end
    ]
    database.close()


def test_lines_that_expired_are_gone_from_memory_too(log_store: LogStore) -> None:
    log_store.append([one(moment, f"{moment}") for moment in range(1, 6)])
    assert log_store.expire(4 * SECOND) == 3
    read = LineReader(log_store).read(ALL, 0, 1 << 62, limit=10)
    assert [entry.line for entry in read] == ["5", "4"]
