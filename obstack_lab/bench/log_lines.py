"""Log lines to measure with: ten streams over an hour, half JSON, half logfmt, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import orjson

HOUR = 3_600_000_000_000
STREAMS = 10
_LEVELS = ("info",) * 17 + ("warn", "warn", "error")
_PATHS = tuple(f"/api/v1/resource{number}" for number in range(20))
_TIMED_OUT = "timed out after {}ms waiting for a connection"


@dataclass(frozen=True)
class Line:
    """One line of a stream."""

    at: int
    """nanoseconds since the epoch"""
    stream: int
    text: str


def labels(stream: int) -> dict[str, str]:
    """Return the labels of a stream: the lower half is JSON."""
    form = "json" if stream < STREAMS // 2 else "logfmt"
    return {"job": "bench", "stream": f"s{stream}", "format": form}


def lines(count: int, end: int) -> Iterator[Line]:
    """Yield so many lines of the hour before `end`, oldest first."""
    dice = Random(1)  # noqa: S311 - a data set, no secret
    distance = HOUR / count
    for number in range(count):
        at = end - HOUR + int((number + 0.5) * distance)
        stream = number % STREAMS
        yield Line(at, stream, _text(dice, is_json=stream < STREAMS // 2))


def _text(dice: Random, *, is_json: bool) -> str:
    level = _LEVELS[int(dice.random() * len(_LEVELS))]
    wait = int(dice.expovariate(0.02))
    said, status = "request done", 200
    if level == "error":
        said = _TIMED_OUT.format(wait) if wait % 2 else "error: upstream refused"
        status = 500 + wait % 4
    path = _PATHS[int(dice.random() ** 2 * len(_PATHS))]
    trace = f"{dice.getrandbits(128):032x}"
    if is_json:
        return (
            f'{{"level":"{level}","message":"{said}","path":"{path}","status":{status},'
            f'"duration_ms":{wait},"trace_id":"{trace}"}}'
        )
    return (
        f'level={level} msg="{said}" path={path} status={status} duration_ms={wait} '
        f"trace_id={trace}"
    )


def every_stream(count: int, end: int, about: int) -> list[Line]:
    """Return about so many of the lines, spread over the hour and over all streams alike."""
    stride = max(1, count // about)
    return [
        line for number, line in enumerate(lines(count, end)) if number // STREAMS % stride == 0
    ]


def pushes(count: int, end: int, *, size: int = 10_000) -> Iterator[tuple[int, bytes]]:
    """Yield bodies of Loki's push API with the number of lines in each."""
    batch: list[Line] = []
    for line in lines(count, end):
        batch.append(line)
        if len(batch) == size:
            yield len(batch), push(batch)
            batch = []
    if batch:
        yield len(batch), push(batch)


def push(batch: list[Line]) -> bytes:
    """Return one push of these lines."""
    values: dict[int, list[list[str]]] = {}
    for line in batch:
        values.setdefault(line.stream, []).append([str(line.at), line.text])
    streams = [{"stream": labels(stream), "values": found} for stream, found in values.items()]
    return orjson.dumps({"streams": streams})
