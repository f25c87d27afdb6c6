from __future__ import annotations

import errno
import os

import pytest

from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.load.reader import LedgerTail, read_ledger
from obstack_lab.load.writer import LedgerWriter


def write(writer: LedgerWriter, entry: LedgerEntry) -> None:
    writer.write(**(entry.model_dump() | {"outcome": Outcome(entry.outcome)}))


def test_what_is_written_is_read_by_intended_time(tmp_path, entry) -> None:
    writer = LedgerWriter(tmp_path / "runs" / "ledger.jsonl")
    entries = [entry(30.5), entry(10.25, Outcome.SLOW), entry(20.125)]
    for one in entries:
        write(writer, one)
    assert read_ledger(writer.path) == sorted(entries, key=lambda e: e.intended)
    assert writer.written == 3
    writer.close()


def test_no_file_is_an_empty_ledger(tmp_path) -> None:
    assert read_ledger(tmp_path / "none") == []


def test_a_tail_waits_for_the_rest_of_a_cut_line(tmp_path, entry) -> None:
    path = tmp_path / "ledger"
    lines = [entry(float(at)).model_dump_json().encode() + b"\n" for at in range(3)]
    tail = LedgerTail(path)
    assert tail.read() == []
    path.write_bytes(lines[0] + lines[1][:20])
    assert [e.intended for e in tail.read()] == [0]
    assert tail.read() == []
    path.write_bytes(b"".join(lines)[: -len(lines[2]) + 5])
    assert [e.intended for e in tail.read()] == [1]
    path.write_bytes(b"".join(lines))
    assert [e.intended for e in tail.read()] == [2]
    assert tail.damaged == 0


def test_a_damaged_line_is_skipped_and_counted(tmp_path, entry) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(b'{"seq": 1, "us\n\n' + entry(5.0).model_dump_json().encode() + b"\n")
    tail = LedgerTail(path)
    assert [e.intended for e in tail.read()] == [5]
    assert tail.damaged == 1


def test_a_full_disk_is_told_and_no_entry_lost(tmp_path, entry, monkeypatch) -> None:
    writer = LedgerWriter(tmp_path / "ledger")
    real, full = os.write, True

    def sometimes(file: int, data: bytes) -> int:
        if full and file == writer._file:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data[:50] if file == writer._file else data)

    monkeypatch.setattr(os, "write", sometimes)
    write(writer, entry(1.0))
    write(writer, entry(2.0))
    assert "No space left" in writer.trouble
    assert read_ledger(writer.path) == []
    full = False
    writer.flush()
    assert writer.trouble == ""
    assert [e.intended for e in read_ledger(writer.path)] == [1.0, 2.0]


@pytest.mark.parametrize("name", LedgerEntry.model_fields)
def test_the_writer_knows_every_field_of_an_entry(tmp_path, entry, name) -> None:
    writer = LedgerWriter(tmp_path / "ledger")
    one = entry(1.0, Outcome.UNSENT, user="u0042", latency=2.25)
    write(writer, one)
    assert getattr(read_ledger(writer.path)[0], name) == getattr(one, name)


def test_half_a_line_of_a_killed_process_harms_no_other(tmp_path, entry) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(entry(1.0).model_dump_json().encode() + b"\n" + b'{"seq": 2, "us')
    writer = LedgerWriter(path)
    write(writer, entry(3.0))
    tail = LedgerTail(path)
    assert [e.intended for e in tail.read()] == [1, 3]
    assert (tail.damaged, writer.written) == (1, 1)
