"""A statement that runs too long is ended; what is written is never."""

from __future__ import annotations

import duckdb
import pytest

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.interrupter import Interrupter
from obstack_lab.telemetry.loki.query import QueryService
from obstack_lab.telemetry.tempo.api import Api

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range > b.range"


class Cursor:
    def __init__(self):
        self.interrupted = 0

    def interrupt(self):
        self.interrupted += 1


@pytest.fixture
def database():
    opened = Database()
    yield opened
    opened.close()


def test_one_long_statement_is_interrupted(database):
    with pytest.raises(duckdb.InterruptException), database.limited(0.01):
        database.cursor().execute(ENDLESS).fetchall()
    assert database.cursor().execute("SELECT 1").fetchone() == (1,)


def test_what_is_written_in_time_that_has_run_out_is_kept(database):
    with database.writer() as cursor:
        cursor.execute("CREATE TABLE kept (n INTEGER)")
    with database.limited(-1.0):
        database._interrupter.look()
        with database.writer() as cursor:
            cursor.execute("INSERT INTO kept SELECT * FROM range(1000)")
            database._interrupter.look()
    assert database.cursor().execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_only_what_is_over_is_interrupted_and_the_outer_limit_holds_again():
    now = [0.0]
    watch = Interrupter(clock=lambda: now[0])
    outer, inner = Cursor(), Cursor()
    with watch.within(outer, 10):
        with watch.within(inner, 5):
            watch.look()
            assert inner.interrupted == 0
            now[0] = 6
            watch.look()
            assert inner.interrupted >= 1
        watch.look()
        assert outer.interrupted == 0
        now[0] = 11
        watch.look()
        assert outer.interrupted >= 1
    watch.stop()


def test_loki_answers_504_where_a_statement_does_not_end(face, monkeypatch):
    monkeypatch.setattr("obstack_lab.telemetry.loki.routes.DEADLINE_SECONDS", 0.01)
    monkeypatch.setattr(
        QueryService, "range", lambda self, _query: self.lines.store.select(ENDLESS, []).fetchall()
    )
    answer = face.get("/loki/api/v1/query_range", params={"query": '{a="b"}'})
    assert answer.status_code == 504
    assert "did not end within" in answer.text


def test_tempo_answers_504_where_a_statement_does_not_end(face, monkeypatch):
    monkeypatch.setattr("obstack_lab.telemetry.tempo.routes.QUERY_SECONDS", 0.01)
    monkeypatch.setattr(
        Api, "_chosen", lambda self, _text: self.store.cursor().execute(ENDLESS).fetchall()
    )
    answer = face.get("/api/search/tags")
    assert answer.status_code == 504
    assert "took longer" in answer.text
