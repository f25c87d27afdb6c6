"""The store's exact evaluator, in plain Python, on a sample: what fast paths are compared with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from obstack_lab.bench.log_lines import STREAMS, Line, labels
from obstack_lab.bench.question import MILLISECONDS, Question
from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.evaluator import Deadline, Evaluation, Matrix, Steps
from obstack_lab.telemetry.logql.validate import parse

SECOND = 1_000_000_000


class Sample:
    """Lines in memory as an evaluator's source, with no fast path."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._labels = [labels(stream) for stream in range(STREAMS)]

    def entries(self, selector: ast.Selector, after: int, until: int) -> Iterator[Entry]:
        """Yield entries of the streams that match, oldest first."""
        wanted = {
            number
            for number, found in enumerate(self._labels)
            if all(found.get(each.name, "") == each.value for each in selector.matchers)
        }
        for line in self._lines:
            if line.stream in wanted and after < line.at <= until:
                yield Entry(line.at, line.text, self._labels[line.stream], {})

    def matrix(self, tree: ast.Query, steps: Steps, deadline: Deadline) -> Matrix | None:
        """Leave it to the evaluator."""
        del tree, steps, deadline
        return None


def milliseconds(question: Question, sample: Sequence[Line], end: int, total: int) -> float | None:
    """Return what the evaluator needs, scaled to so many lines; None for what is no metric."""
    if question.kind not in {"instant", "range"}:
        return None
    first = end - 3600 * SECOND
    steps = (
        Steps(end, end) if question.kind == "instant" else Steps(first, end, question.step * SECOND)
    )
    began = time.perf_counter()
    Evaluation(Sample(sample), steps).run(parse(question.query))
    return (time.perf_counter() - began) * MILLISECONDS * total / len(sample)
