"""The exporter tells what /proc and PostgreSQL's log say, and leaves out what they do not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric

from sut.exporter.family import families
from sut.exporter.host import HostWatch
from sut.exporter.log_entry import Reader
from sut.exporter.log_tail import LogTail
from sut.exporter.processes import ProcessWatch
from sut.exporter.statement import Statement, statements
from sut.log import Line

LOG = """\
2026-11-21 14:00:00.125 UTC [77] shop@shop orders ERROR:  deadlock detected
2026-11-21 14:00:00.125 UTC [77] shop@shop orders DETAIL:  Process 77 waits for ShareLock.
\tProcess 78 waits for ShareLock.
2026-11-21 14:00:00.125 UTC [77] shop@shop orders STATEMENT:  UPDATE stock SET reserved = 1
2026-11-21 14:00:01.500 UTC [12] @ LOG:  checkpoint starting: time
2026-11-21 14:00:02.000 UTC [80] [unknown]@[unknown] [unknown] FATAL:  too many clients already
"""


def samples(found: Iterable[Metric]) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for metric in found
        for sample in metric.samples
    }


def test_numbers_are_metrics_and_text_is_their_labels() -> None:
    rows = [{"state": "idle", "pg_backends": 3, "pg_calls_total": 7}, {"state": None}]
    found = families(rows, {"pg_backends": "Sessions.", "pg_calls_total": "Calls."})
    assert [metric.type for metric in found] == ["gauge", "counter"]
    assert samples(found) == {("pg_backends", ("idle",)): 3, ("pg_calls_total", ("idle",)): 7}


def test_a_statement_explains_its_metrics_in_comments() -> None:
    parsed = Statement.parse("x", "-- pg_up: Whether.\nSELECT 1 AS pg_up\n")
    assert parsed == Statement("x", "SELECT 1 AS pg_up", {"pg_up": "Whether."})


@pytest.mark.parametrize("statement", statements(), ids=lambda statement: statement.name)
def test_every_metric_of_a_statement_is_a_column_of_it(statement: Statement) -> None:
    assert statement.helps
    assert all(f"AS {name}" in statement.text for name in statement.helps)
    assert all(name.startswith("postgresql_") for name in statement.helps)


def read(*texts: str) -> list[dict[str, Any]]:
    reader = Reader()
    lines = [reader.take(text) for text in texts]
    return [json.loads(line.text) for line in (*lines, reader.flush()) if line]


def test_an_entry_holds_what_postgresql_adds_below_it() -> None:
    deadlock, checkpoint, refused = read(*LOG.splitlines())
    assert deadlock["level"] == "error"
    assert deadlock["application_name"] == "orders"
    assert deadlock["detail"].splitlines()[1] == "Process 78 waits for ShareLock."
    assert deadlock["statement"].startswith("UPDATE stock")
    assert checkpoint["level"] == "info"
    assert "db_user" not in checkpoint
    assert refused["severity"] == "FATAL"
    assert refused["ts"] == pytest.approx(1795269602.0)


def test_a_line_that_belongs_to_nothing_is_left_out() -> None:
    assert read("initdb says something", "") == []


class Shipper:
    def __init__(self) -> None:
        self.lines: list[Line] = []

    def offer(self, line: Line) -> None:
        self.lines.append(line)


def test_the_tail_begins_at_the_end_and_follows_a_new_file(tmp_path: Path) -> None:
    path, shipper = tmp_path / "postgres.log", Shipper()
    path.write_text(LOG)
    tail = LogTail(path, shipper)  # type: ignore[arg-type]  # only offer is called
    tail.look()
    assert shipper.lines == []
    with path.open("a") as file:
        file.write(LOG.splitlines()[4])
    tail.look()
    tail.look()
    assert shipper.lines == [], "half a line is no line"
    with path.open("a") as file:
        file.write("\n")
    tail.look()
    tail.look()
    assert [json.loads(line.text)["message"] for line in shipper.lines] == [
        "checkpoint starting: time"
    ]
    path.write_text(LOG.splitlines()[5] + "\n")
    tail.look()
    tail.look()
    assert "too many clients" in shipper.lines[-1].text.decode()


def test_a_machine_that_tells_little_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  200 0 100 700\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5\n")
    (tmp_path / "meminfo").write_text(
        "MemTotal: 1000 kB\nMemFree: 400 kB\nBuffers: 50 kB\nCached: 150 kB\n"
    )
    found = samples(HostWatch(tmp_path, proc=tmp_path).measure())
    assert found["system_cpu_logical_count", ()] == 2
    assert found["system_cpu_time_seconds_total", ("idle",)] == 7
    assert found["system_memory_usage_bytes", ("used",)] == 400 * 1024
    assert found["system_filesystem_usage_bytes", ("free",)] > 0
    assert not any(name == "system_cpu_load_average_1m" for name, _ in found)


def process(
    proc: Path, pid: int, command_line: str, lab: str, *, started: int = 5, parent: int = 1
) -> None:
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "fd/0").touch()
    (folder / "environ").write_bytes(b"PATH=/bin\0OBSTACK_LAB_ID=" + lab.encode() + b"\0")
    (folder / "cmdline").write_bytes(command_line.replace(" ", "\0").encode() + b"\0")
    fields = ["0"] * 30
    fields[0], fields[11], fields[17], fields[19], fields[21] = "S", "300", "2", str(started), "10"
    fields[1] = str(parent)
    (folder / "stat").write_text(f"{pid} (a b) " + " ".join(fields))


def test_processes_of_the_lab_are_summed_by_what_they_run(tmp_path: Path) -> None:
    process(tmp_path, 10, "python -m obstack_lab.load --ledger x", "here")
    process(tmp_path, 11, "/usr/bin/postgres -D x", "here")
    process(tmp_path, 12, "/usr/bin/postgres -D y", "elsewhere")
    process(tmp_path, 13, "x", "here")
    (tmp_path / "13/cmdline").write_bytes(b"sut: orders\0")
    process(tmp_path, 14, "x", "here")
    (tmp_path / "14/cmdline").write_bytes(b"postgres: shop shop 127.0.0.1(5) idle\0")
    watch = ProcessWatch("here", proc=tmp_path)
    for _ in range(2):
        found = samples(watch.measure())
        assert {labels[0] for _, labels in found} == {"obstack_lab.load", "orders", "postgres"}
        assert found["process_count", ("postgres",)] == 2
        assert found["process_cpu_time_seconds_total", ("orders",)] == 3
        assert found["process_open_file_descriptor_count", ("postgres",)] == 2


def test_a_child_that_has_written_over_its_environment_counts_with_its_parent(
    tmp_path: Path,
) -> None:
    process(tmp_path, 20, "/usr/bin/postgres -D x", "here")
    process(tmp_path, 21, "x", "nowhere", parent=20)
    (tmp_path / "21/cmdline").write_bytes(b"postgres: shop shop idle\0")
    process(tmp_path, 22, "bash", "nowhere", parent=9)
    found = samples(ProcessWatch("here", proc=tmp_path).measure())
    assert found["process_count", ("postgres",)] == 2
    assert {labels for _, labels in found} == {("postgres",)}


def test_a_pid_given_anew_is_asked_anew(tmp_path: Path) -> None:
    process(tmp_path, 10, "/usr/bin/postgres", "here")
    watch = ProcessWatch("here", proc=tmp_path)
    assert ("process_count", ("postgres",)) in samples(watch.measure())
    (tmp_path / "10").rename(tmp_path / "gone")
    process(tmp_path, 10, "/usr/bin/prometheus", "here", started=9)
    assert {labels for _, labels in samples(watch.measure())} == {("prometheus",)}
