"""HTTP messages that are changed on their way: a lost header, a body that says something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

_JSON = re.compile(rb"^content-type:[^\r]*json", re.IGNORECASE | re.MULTILINE)
_FRAMING = ("content-length", "transfer-encoding")


@dataclass(frozen=True)
class Tamper:
    """Loses a header, or has a field of a JSON body be null (without a name: every number)."""

    header: str = ""
    field: str = ""

    def request(self, data: bytes) -> bytes:
        """Return the beginning of a request without the header; a head in parts passes whole."""
        head, end, rest = data.partition(b"\r\n\r\n")
        return _without(head, self.header) + end + rest

    def answer(self, raw: bytes, body: bytes) -> bytes:
        """Return what becomes of a whole answer, whose body has been taken out of its chunks."""
        head, end, rest = raw.partition(b"\r\n\r\n")
        if self.header:
            return _without(head, self.header) + end + rest
        if not _JSON.search(head):
            return raw
        try:
            changed = orjson.dumps(self._changed(orjson.loads(body)))
        except orjson.JSONDecodeError:
            return raw
        for name in _FRAMING:
            head = _without(head, name)
        return head + b"\r\ncontent-length: %d" % len(changed) + end + changed

    def _changed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: None if key == self.field else self._changed(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self._changed(each) for each in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and not self.field else value


def _without(head: bytes, header: str) -> bytes:
    first, *lines = head.split(b"\r\n")
    lost = header.lower().encode() + b":"
    return b"\r\n".join([first, *(line for line in lines if not line.lower().startswith(lost))])
