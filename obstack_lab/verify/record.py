"""Findings in files: kept as they come, read again from what `faults verify` has written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from obstack_lab.errors import UsageError
from obstack_lab.verify.finding import Finding, User, this_user

_SUFFIXES = (".json", ".jsonl")


class Record:
    """Findings of this user, one line of JSON each; without a file, in memory only.

    A line that was half written when its process ended is cut off, and its fault played again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._user = this_user()
        if path is not None and path.exists():
            _cut(path)
        there = read([path]) if path is not None and path.exists() else ()
        self._found = {_key(each): each for each in there if each.user == self._user}

    def found(self, fault: str, seed: int) -> Finding | None:
        """Return what is known of a fault on a seed, None where it has to be played."""
        return self._found.get((fault, seed, self._user))

    def keep(self, finding: Finding) -> None:
        """Add a finding; it is in the file when this returns."""
        with self._lock:
            self._found[_key(finding)] = finding
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(finding.model_dump_json() + "\n")


def read(paths: Iterable[Path], user: User | None = None) -> tuple[Finding, ...]:
    """Return the findings of files, the last one where a play stands in them twice.

    A file is a record or what `faults verify --json` prints; a folder stands for its files of both
    kinds. `user` says as whom it was, where a finding does not. Raises UsageError.
    """
    found = (each for path in _files(paths) for each in _findings(path))
    return latest(each if each.user else each.model_copy(update={"user": user}) for each in found)


def latest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the last finding of each play."""
    return tuple({_key(each): each for each in findings}.values())


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES)
        else:
            yield path


def _findings(path: Path) -> Iterator[Finding]:
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".json":
            yield from map(Finding.model_validate, json.loads(text)["findings"])
        else:
            yield from map(Finding.model_validate_json, text.splitlines())
    except (ValueError, ValidationError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is no record of `./lab faults verify --record` (.jsonl) "
            "and no output of its `--json` (.json)."
        ) from error


def _cut(path: Path) -> None:
    whole = path.read_bytes()
    if not whole.endswith(b"\n"):
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])


def _key(finding: Finding) -> tuple[str, int, User | None]:
    return finding.fault, finding.seed, finding.user
