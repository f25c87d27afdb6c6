"""`query` and `query_range`: parameters, the two tiers, and the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.errors import LimitError, LogqlError
from obstack_lab.telemetry.logql.evaluator import Deadline, Evaluation, Source, Steps
from obstack_lab.telemetry.logql.gonumber import GoError, format_float, parse_int
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki import answer
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.record import Refused
from obstack_lab.telemetry.loki.times import bounds, default_step, parse_step, parse_time

SECOND = 1_000_000_000
MOST_ENTRIES = 5000
MOST_SERIES = 500
MOST_POINTS = 11_000
LONGEST_QUERY = 721 * 3600 * SECOND
DEADLINE_SECONDS = 4.5
INSTANT_LOGS = (
    "log queries are not supported as an instant query type, please change your query to a range "
    "query type"
)
TOO_MANY_POINTS = (
    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of "
    "the step parameter"
)


@dataclass(frozen=True)
class Request:
    """The parameters of a query, by name, and the headers that change the answer."""

    parameters: Mapping[str, str]
    categorize: bool = False

    def get(self, name: str) -> str:
        """Return a parameter, `''` where it is absent."""
        return self.parameters.get(name, "")


class QueryService:
    """Answers queries over a source of lines; safe from any thread."""

    def __init__(self, source: Source, lines: LineReader) -> None:
        self.source = source
        self.lines = lines

    def range(self, request: Request) -> dict[str, object]:
        """Return the data of a `query_range`."""
        began = time.monotonic()
        start, end = bounds(request.get, time.time_ns())
        if end < start:
            raise Refused("end timestamp must not be before or equal to start time")
        limit = parse_limit(request.get("limit"))
        newest_first = parse_direction(request.get("direction"))
        step = parse_step(text) if (text := request.get("step")) else default_step(start, end)
        if step <= 0:
            raise Refused(
                "zero or negative query resolution step widths are not accepted. "
                "Try a positive integer"
            )
        interval = parse_step(text) if (text := request.get("interval")) else 0
        if interval < 0:
            raise Refused("interval must be >= 0")
        if (end - start) // step > MOST_POINTS:
            raise Refused(TOO_MANY_POINTS)
        tree = parse(request.get("query"))
        deadline = Deadline.after(DEADLINE_SECONDS)
        if isinstance(tree, ast.Selector):
            if limit > MOST_ENTRIES:
                raise LimitError(
                    "max entries limit per query exceeded, limit > max_entries_limit_per_query "
                    f"({limit} > {MOST_ENTRIES})"
                )
            entries = self.lines.read(
                tree, start, end, limit=limit, newest_first=newest_first, interval=interval,
                deadline=deadline,
            )  # fmt: skip
            data: dict[str, object] = {"resultType": "streams"}
            if request.categorize:
                data["encodingFlags"] = [answer.CATEGORIZE]
            data["result"] = answer.streams(entries, categorize=request.categorize)
            count = len(entries)
        else:
            steps = Steps(start // step * step, -(-end // step) * step, step)
            evaluation = Evaluation(self.source, steps, deadline, MOST_SERIES)
            result = evaluation.as_matrix(evaluation.answer(tree))
            data = {"resultType": "matrix", "result": answer.matrix(result, steps.times)}
            count = len(result)
        taken = time.monotonic() - began
        return data | {"stats": answer.statistics(lines=count, taken=taken, returned=count)}

    def instant(self, request: Request) -> dict[str, object]:
        """Return the data of a `query`."""
        began = time.monotonic()
        text = request.get("time")
        moment = parse_time(text, "time") if text else time.time_ns()
        parse_limit(request.get("limit"))
        parse_direction(request.get("direction"))
        tree = parse(request.get("query"), lines=False)
        if isinstance(tree, ast.Selector):
            raise LogqlError(INSTANT_LOGS)
        deadline = Deadline.after(DEADLINE_SECONDS)
        evaluation = Evaluation(self.source, Steps(moment, moment), deadline, MOST_SERIES)
        result = evaluation.answer(tree)
        if isinstance(result, float):
            data: dict[str, object] = {
                "resultType": "scalar",
                "result": [moment // 1_000_000, format_float(result)],
            }
        else:
            ordered = isinstance(tree, ast.VectorAggregation) and tree.op.startswith("sort")
            data = {
                "resultType": "vector",
                "result": answer.vector(result, moment, ordered=ordered),
            }
        taken = time.monotonic() - began
        return data | {"stats": answer.statistics(lines=0, taken=taken, returned=0)}


def parse_limit(text: str) -> int:
    """Return the limit of lines: 100 where none is given."""
    if not text:
        return 100
    try:
        limit = parse_int(text, function="Atoi")
    except GoError as error:
        raise Refused(str(error)) from error
    if not 0 <= limit <= 4_294_967_295:
        raise Refused(f"limit value {limit} is out of range [0, 4294967295]")
    if limit == 0:
        raise Refused("limit must be a positive value")
    return limit


def parse_direction(text: str) -> bool:
    """Return whether the newest lines come first."""
    if text.lower() not in ("", "backward", "forward"):
        raise Refused(f"invalid direction '{text}'")
    return text.lower() != "forward"
