"""Loki's push API: JSON, and protobuf under snappy; and the checks that both share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import cramjam
import orjson

from obstack_lab.telemetry.logql.sample import format_labels
from obstack_lab.telemetry.loki.record import Batch, Record, Refused
from obstack_lab.telemetry.loki.stream import with_service

MOST_LABELS = 15
LONGEST_NAME = 1024
LONGEST_VALUE = 2048
LONGEST_LINE = 262_144
MOST_METADATA = 128
LARGEST_METADATA = 65_536
LARGEST_BODY = 64 << 20
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PAIR = re.compile(r'\s*([^\s=,{}"]+)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|$)')
_GO_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\U([0-9a-fA-F]{8})|\\([av])")


def parse_json(body: bytes) -> list[Batch]:
    """Return the batches of a JSON push, or raise what is wrong with it."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(f"the body is not JSON: {error}") from error
    streams = document.get("streams") if isinstance(document, dict) else None
    if not isinstance(streams, list | None):
        raise Refused("'streams' must be a list")
    if not streams:
        raise Refused("error at least one valid stream is required for ingestion", 422)
    return [_json_stream(stream) for stream in streams]


def _json_stream(stream: Any) -> Batch:
    if not isinstance(stream, dict):
        raise Refused("a stream must be an object")
    labels, values = stream.get("stream") or {}, stream.get("values") or []
    if not isinstance(labels, dict) or not isinstance(values, list):
        raise Refused("'stream' must be an object and 'values' a list")
    if any(not isinstance(value, str) for value in labels.values()):
        raise Refused("the labels of a stream must be strings")
    return Batch(labels, [_json_value(value) for value in values])


def _json_value(value: Any) -> Record:
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise Refused("a value must be [timestamp, line] or [timestamp, line, metadata]")
    stamp, line = value[0], value[1]
    if not isinstance(stamp, str) or not isinstance(line, str):
        raise Refused("a value's timestamp and line must be strings")
    if len(value) == 2:
        return Record(_stamp(stamp), line)
    meta = value[2]
    if not isinstance(meta, dict) or any(not isinstance(item, str) for item in meta.values()):
        raise Refused("the structured metadata must be an object of strings")
    return Record(_stamp(stamp), line, {key: item for key, item in meta.items() if item})


def _stamp(text: str) -> int:
    if len(text) > 40 or not text.isascii() or not text.lstrip("-").isdigit():
        raise Refused(f"the timestamp '{text[:40]}' is no number of nanoseconds")
    stamp = int(text)
    if not 0 <= stamp < 2**63:
        raise Refused(f"the timestamp {text[:40]} is out of range")
    return stamp


def parse_protobuf(body: bytes) -> list[Batch]:
    """Return the batches of a snappy-compressed `logproto.PushRequest`."""
    try:
        if _snappy_length(body) > LARGEST_BODY:
            raise Refused("the body is too large", 413)
        plain = bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise Refused("snappy: corrupt input") from error
    try:
        batches = [_proto_stream(stream) for number, stream in _fields(plain) if number == 1]
    except (ValueError, IndexError, TypeError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("unexpected EOF") from error
    if not batches:
        raise Refused("error at least one valid stream is required for ingestion", 422)
    return batches


def _snappy_length(body: bytes) -> int:
    value, shift = 0, 0
    for byte in body[:5]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value
    raise Refused("snappy: corrupt input")


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield field numbers and values of a protobuf message: bytes or integers."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(kind)
        if at + length > len(data):
            raise ValueError(length)
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(shift)


def _proto_stream(data: bytes) -> Batch:
    labels: dict[str, str] = {}
    records = []
    for number, value in _fields(data):
        if number == 1:
            labels = parse_label_text(bytes(value).decode("utf-8", "replace"))
        elif number == 2:
            records.append(_proto_entry(value))
    return Batch(labels, records)


def _proto_entry(data: bytes) -> Record:
    stamp, line, meta = 0, "", {}
    for number, value in _fields(data):
        if number == 1:
            parts = {field: item for field, item in _fields(value) if isinstance(item, int)}
            stamp = parts.get(1, 0) * 1_000_000_000 + parts.get(2, 0)
        elif number == 2:
            line = bytes(value).decode("utf-8", "replace")
        elif number == 3:
            pair = dict(_fields(value))
            name, text = bytes(pair.get(1, b"")), bytes(pair.get(2, b""))
            meta[name.decode("utf-8", "replace")] = text.decode("utf-8", "replace")
    if not 0 <= stamp < 2**63:
        raise Refused(f"the timestamp {stamp} is out of range")
    return Record(stamp, line, meta)


def parse_label_text(text: str) -> dict[str, str]:
    """Return the labels of `{a="b", c="d"}`."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise Refused(f"couldn't parse labels: {text[:200]}: parse error")
    inner = inner[1:-1].strip()
    labels: dict[str, str] = {}
    at = 0
    while at < len(inner):
        match = _PAIR.match(inner, at)
        if match is None:
            raise Refused(f"couldn't parse labels: 1:{at + 2}: parse error: unexpected input")
        name, value, _ = match.groups()
        labels[name] = value[1:-1] if value[0] == "`" else _unquote(value)
        at = match.end()
    return labels


def _unquote(text: str) -> str:
    plain = _GO_ESCAPE.sub(
        lambda match: f"\\u{ord(_escaped(match)):04x}" if ord(_escaped(match)) < 0x10000
        else _escaped(match),
        text,
    )  # fmt: skip
    try:
        return str(json.loads(plain, strict=False))
    except ValueError as error:
        raise Refused(f"couldn't parse labels: parse error: invalid string {text}") from error


def _escaped(match: re.Match[str]) -> str:
    byte, wide, short = match.groups()
    return {"a": "\a", "v": "\v"}[short] if short else chr(int(byte or wide, 16))


def check(batches: list[Batch]) -> None:
    """Refuse labels, lines and metadata that Loki's default limits refuse."""
    for batch in batches:
        _check_labels(batch.labels)
        for record in batch.records:
            if len(record.line) > LONGEST_LINE:
                raise Refused(
                    f"max entry size {LONGEST_LINE} bytes exceeded for stream "
                    f"'{format_labels(dict(batch.labels))}' while adding an entry with length "
                    f"{len(record.line)} bytes"
                )
            if record.meta and (
                len(record.meta) > MOST_METADATA
                or sum(len(k) + len(v) for k, v in record.meta.items()) > LARGEST_METADATA
            ):
                shown = format_labels(dict(batch.labels))
                raise Refused(f"stream '{shown}' has structured metadata too large")


def _check_labels(given: Mapping[str, str]) -> None:
    for name in given:
        if not _NAME.fullmatch(name):
            word = name.split()[-1] if name.split() else ""
            raise Refused(
                f"couldn't parse labels: 1:{len(name) + 1}: parse error: unexpected identifier "
                f'"{word}" in label set, expected "="'
            )
    labels = with_service(given)
    shown = format_labels(labels)
    if len(given) > MOST_LABELS:
        raise Refused(
            f"entry for stream '{shown}' has {len(given)} label names; limit {MOST_LABELS}"
        )
    for name, value in labels.items():
        if len(name) > LONGEST_NAME:
            raise Refused(f"stream '{shown}' has label name too long: '{name}'")
        if len(value) > LONGEST_VALUE:
            raise Refused(f"stream '{shown}' has label value too long: '{value}'")
