"""The data of the in-memory engine: a word for what it is, and copies of that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from obstack_lab.engine.request import data_scripts, need_snapshot_name
from obstack_lab.errors import UnknownName

STANDARD = "standard"


class MemoryData:
    """`content` says what the database holds: `standard`, the path of a data set, or a test's."""

    def __init__(self, called: Callable[..., AbstractContextManager[None]]) -> None:
        self.content = STANDARD
        self._called = called
        self._copies: dict[str, str] = {}

    def snapshots(self) -> tuple[str, ...]:
        return tuple(sorted(self._copies))

    def snapshot(self, name: str) -> None:
        need_snapshot_name(name)
        with self._called("snapshot", name):
            self._copies[name] = self.content

    def restore(self, name: str) -> None:
        with self._called("restore", name):
            if name not in self._copies:
                raise UnknownName("snapshot", name, self.snapshots())
            self.content = self._copies[name]

    def forget(self, name: str) -> None:
        need_snapshot_name(name)
        with self._called("forget", name):
            self._copies.pop(name, None)

    def reset(self) -> None:
        with self._called("reset"):
            self.content = STANDARD

    def load(self, source: Path) -> None:
        with self._called("load", source):
            data_scripts(source)
            self.content = str(source)
