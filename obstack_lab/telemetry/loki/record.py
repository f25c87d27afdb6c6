"""A log record on its way in, whichever protocol brought it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

NO_METADATA: Mapping[str, str] = MappingProxyType({})


class Record(NamedTuple):
    """One line: when, which, and the metadata that goes with it."""

    timestamp: int
    line: str
    meta: Mapping[str, str] = NO_METADATA


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one stream."""

    labels: Mapping[str, str]
    records: list[Record]


class Refused(ValueError):
    """What was sent cannot be taken; `status` is the HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
