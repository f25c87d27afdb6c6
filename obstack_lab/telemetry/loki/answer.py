"""The shapes of Loki's answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from starlette.responses import PlainTextResponse, Response

from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.evaluator import Matrix
from obstack_lab.telemetry.logql.gonumber import format_float

SECOND = 1_000_000_000
CATEGORIZE = "categorize-labels"


def json_answer(document: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(document), status, media_type="application/json; charset=UTF-8")


def success(data: Any) -> Response:
    """Return `{"status":"success","data":…}`; without data there is no such member."""
    document = {"status": "success"} | ({} if data is None else {"data": data})
    return json_answer(document)


def failure(message: str, status: int) -> Response:
    """Return an error as Loki does: its text, and nothing else."""
    return PlainTextResponse(message + "\n", status, headers={"X-Content-Type-Options": "nosniff"})


def seconds(moment: int) -> float | int:
    """Return a time in seconds, whole where it is."""
    whole, below = divmod(moment, SECOND)
    return whole if not below else round(moment / SECOND, 3)


def streams(entries: Iterable[Entry], *, categorize: bool) -> list[dict[str, Any]]:
    """Return log lines by their labels, in the order given."""
    found: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for entry in entries:
        if categorize:
            labels = entry.stream_labels()
            extra: dict[str, Any] = {}
            if meta := entry.meta_labels():
                extra["structuredMetadata"] = meta
            if parsed := entry.parsed_labels():
                extra["parsed"] = parsed
            value: list[Any] = [str(entry.timestamp), entry.line, extra]
        else:
            labels = entry.labels()
            value = [str(entry.timestamp), entry.line]
        found.setdefault(tuple(sorted(labels.items())), []).append(value)
    return [{"stream": dict(labels), "values": values} for labels, values in found.items()]


def matrix(result: Matrix, times: Sequence[int]) -> list[dict[str, Any]]:
    """Return a matrix as series of samples, sorted by labels."""
    stamps = [seconds(moment) for moment in times]
    return [
        {
            "metric": dict(labels),
            "values": [
                [stamp, format_float(value)]
                for stamp, value in zip(stamps, row, strict=True)
                if value is not None
            ],
        }
        for labels, row in sorted(result.items())
    ]


def vector(result: Matrix, moment: int, *, ordered: bool) -> list[dict[str, Any]]:
    """Return one step as samples; `ordered` keeps the order that `sort` gave."""
    stamp = seconds(moment)
    items = result.items() if ordered else sorted(result.items())
    return [
        {"metric": dict(labels), "value": [stamp, format_float(row[-1])]}
        for labels, row in items
        if row[-1] is not None
    ]


def statistics(*, lines: int, taken: float, returned: int) -> dict[str, Any]:
    """Return the `stats` member with what this store knows, zeros for the rest."""
    taken = max(taken, 1e-9)
    zeros = {
        "totalChunksRef": 0, "totalChunksDownloaded": 0, "chunksDownloadTime": 0,
        "queryReferencedStructuredMetadata": False,
        "chunk": {
            "headChunkBytes": 0, "headChunkLines": 0, "decompressedBytes": 0,
            "decompressedLines": 0, "compressedBytes": 0, "totalDuplicates": 0,
            "postFilterLines": 0, "headChunkStructuredMetadataBytes": 0,
            "decompressedStructuredMetadataBytes": 0,
        },
        "chunkRefsFetchTime": 0, "congestionControlLatency": 0, "pipelineWrapperFilteredLines": 0,
    }  # fmt: skip
    return {
        "summary": {
            "bytesProcessedPerSecond": 0,
            "linesProcessedPerSecond": int(lines / taken),
            "totalBytesProcessed": 0,
            "totalLinesProcessed": lines,
            "execTime": taken,
            "queueTime": 0,
            "subqueries": 0,
            "totalEntriesReturned": returned,
            "splits": 1,
            "shards": 1,
            "totalPostFilterLines": lines,
            "totalStructuredMetadataBytesProcessed": 0,
        },
        "querier": {"store": zeros},
        "ingester": {
            "totalReached": 0, "totalChunksMatched": 0, "totalBatches": 0, "totalLinesSent": 0,
            "store": zeros,
        },
        "cache": {},
        "index": {"totalChunks": 0, "postFilterChunks": 0, "shardsDuration": 0},
    }  # fmt: skip
