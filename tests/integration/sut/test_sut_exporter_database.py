"""The exporter beside a real PostgreSQL: what hurts there is a number here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.integration
SECONDS = 30
LINE = "2026-11-21 14:00:00.125 UTC [77] shop@shop orders ERROR:  deadlock detected\n"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Exporter:
    """The process, and what it tells."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=5)

    def close(self) -> None:
        self._http.close()

    def read(self) -> Samples:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self._http.get("/metrics").text)
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> float:
        wanted = set(labels.items())
        return sum(v for (each, has), v in self.read().items() if each == name and wanted <= has)


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "it has not come to hold"
        time.sleep(0.1)


@pytest.fixture
def exporter(postgres: str, store: Any, free: int, tmp_path: Path) -> Iterator[Exporter]:
    (tmp_path / "postgres.log").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "sut", "exporter", "--release", "1.0.0", "--port", str(free)],
        env={
            **os.environ,
            "DATABASE_URL": postgres,
            "OTEL_EXPORTER_OTLP_ENDPOINT": store.url,
            "POSTGRES_LOG": str(tmp_path / "postgres.log"),
            "OBSTACK_LAB_ID": "exporter-test",
        },
        start_new_session=True,
    )
    found = Exporter(f"http://127.0.0.1:{free}")
    try:
        until(lambda: found.total("postgresql_up"))
        yield found
    finally:
        found.close()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def test_a_held_lock_and_who_waits_for_it_are_numbers(exporter: Exporter, postgres: str) -> None:
    assert exporter.total("postgresql_blocked_backends") == 0
    with (
        psycopg.connect(postgres, application_name="migration") as holder,
        psycopg.connect(postgres, application_name="victim", autocommit=True) as victim,
    ):
        holder.execute("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
        victim.execute("SET statement_timeout = '60s'")
        until(
            lambda: exporter.total(
                "postgresql_backends", application_name="migration", state="idle in transaction"
            )
        )
        assert exporter.total(
            "postgresql_locks",
            db_collection_name="stock",
            mode="AccessExclusiveLock",
            lock_state="held",
        )
        with subprocess.Popen(
            [
                *(sys.executable, "-c"),
                "import psycopg, sys; psycopg.connect(sys.argv[1]).execute('TABLE stock LIMIT 1')",
                postgres,
            ]
        ) as waiter:
            until(lambda: exporter.total("postgresql_blocked_backends"))
            holder.rollback()
            assert waiter.wait(SECONDS) == 0
    until(lambda: not exporter.total("postgresql_blocked_backends"))


def test_scans_of_whole_tables_are_counted(exporter: Exporter, postgres: str) -> None:
    before = exporter.total("postgresql_sequential_scans_total", db_collection_name="products")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM products WHERE description LIKE '%x%'")
    until(
        lambda: (
            exporter.total("postgresql_sequential_scans_total", db_collection_name="products")
            > before
        )
    )


def test_the_machine_and_the_labs_processes_are_told(exporter: Exporter) -> None:
    found = {name for name, _ in exporter.read()}
    assert {"system_cpu_time_seconds_total", "system_memory_usage_bytes"} <= found
    assert exporter.total("process_count", process_executable_name="exporter") == 1
    assert exporter.total("postgresql_connection_max") >= 10


def test_postgresqls_log_is_shipped(exporter: Exporter, store: Any, tmp_path: Path) -> None:
    with (tmp_path / "postgres.log").open("a") as file:
        file.write(LINE)
    (line,) = store.messages("postgres", "deadlock detected")
    assert (line["level"], line["application_name"]) == ("error", "orders")
