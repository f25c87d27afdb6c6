"""One log line on its way through a pipeline, with its three kinds of labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

ERROR = "__error__"
DETAILS = "__error_details__"
SPECIAL = (ERROR, DETAILS)


class Entry:
    """A line, its time, and the labels of its stream, its metadata and those parsed from it.

    Metadata named like a label of the stream goes by the name with `_extracted`.

    `hidden` holds labels that a stage took away from the stream's or the metadata's.
    """

    __slots__ = ("details", "error", "hidden", "line", "meta", "parsed", "stream", "timestamp")

    def __init__(
        self, timestamp: int, line: str, stream: Mapping[str, str], meta: Mapping[str, str]
    ) -> None:
        self.timestamp = timestamp
        self.line = line
        self.stream = stream
        self.meta = meta if meta.keys().isdisjoint(stream) else _renamed(meta, stream)
        self.parsed: dict[str, str] = {}
        self.hidden: set[str] | None = None
        self.error = ""
        self.details = ""

    def get(self, name: str) -> str | None:
        """Return a label's value, or None: parsed before metadata before the stream's."""
        value = self.parsed.get(name)
        if value is not None:
            return value
        if name == ERROR:
            return self.error or None
        if name == DETAILS:
            return self.details or None
        if self.hidden is not None and name in self.hidden:
            return None
        value = self.meta.get(name)
        return value if value is not None else self.stream.get(name)

    def set(self, name: str, value: str) -> None:
        """Give a label a value, as a stage does; it counts as parsed."""
        if name == ERROR:
            self.error = value
        elif name == DETAILS:
            self.details = value
        else:
            self.parsed[name] = value

    def remove(self, name: str) -> None:
        """Take a label away, wherever it came from."""
        if name == ERROR:
            self.error = ""
        elif name == DETAILS:
            self.details = ""
        else:
            self.parsed.pop(name, None)
            if name in self.meta or name in self.stream:
                if self.hidden is None:
                    self.hidden = set()
                self.hidden.add(name)

    def extract(self, name: str, value: str) -> None:
        """Take a label out of the line: clashes are renamed, the first of duplicates wins."""
        if name in self.stream or (name in self.meta and not self.is_hidden(name)):
            name += "_extracted"
        if name not in self.parsed:
            self.parsed[name] = value

    def is_hidden(self, name: str) -> bool:
        """Say whether a stage took this label of the stream's or the metadata's away."""
        return self.hidden is not None and name in self.hidden

    def fail(self, error: str, details: str = "") -> None:
        """Mark the line as one that a stage could not treat; details stay until there are new."""
        self.error = error
        self.details = details or self.details

    def stream_labels(self) -> dict[str, str]:
        """Return the stream's labels that no stage has replaced or taken away."""
        return {name: value for name, value in self.stream.items() if self._kept(name)}

    def meta_labels(self) -> dict[str, str]:
        """Return the metadata that no stage has replaced or taken away."""
        return {name: value for name, value in self.meta.items() if self._kept(name)}

    def parsed_labels(self) -> dict[str, str]:
        """Return what stages added, the error's labels included."""
        labels = dict(self.parsed)
        if self.error:
            labels[ERROR] = self.error
        if self.details:
            labels[DETAILS] = self.details
        return labels

    def labels(self) -> dict[str, str]:
        """Return all labels as one."""
        if self.hidden:
            return self.stream_labels() | self.meta_labels() | self.parsed_labels()
        merged = {**self.stream, **self.meta, **self.parsed}
        if self.error:
            merged[ERROR] = self.error
        if self.details:
            merged[DETAILS] = self.details
        return merged

    def names(self) -> Iterator[str]:
        """Yield the name of every label but the error's."""
        yield from (name for name in self.labels() if name not in SPECIAL)

    def _kept(self, name: str) -> bool:
        return name not in self.parsed and not (self.hidden and name in self.hidden)


def _renamed(meta: Mapping[str, str], stream: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_extracted" if name in stream else name: meta[name] for name in meta}
