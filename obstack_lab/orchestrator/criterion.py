"""Three-valued criteria: pass, fail, or inconclusive with the reason (design.md rule 5)."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from obstack_lab.orchestrator.metrics import Metrics, MetricsAway, MetricsUnknown
from obstack_lab.orchestrator.views import CriterionView
from obstack_lab.review.journal import Verdict
from obstack_lab.scenario.model import Criterion

STALE_AFTER = 5.0
"""Seconds (scrapes come every second) after which a sample says nothing of now."""
_BREAK = 5.0
"""Seconds without a judgement after which a hold begins anew."""
_TESTS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
_SELECTOR = re.compile(
    r"""([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{(?:[^"'`}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*\})?\s*\["""
)


@dataclass(frozen=True)
class Target:
    """`>= 0.99` as a test."""

    test: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that a scenario names."""
        sign = next(sign for sign in _TESTS if text.startswith(sign))
        return cls(sign, float(text.removeprefix(sign)))

    def met(self, value: float) -> bool:
        """Return whether a value satisfies it."""
        return _TESTS[self.test](value, self.value)

    def worst(self, values: Iterable[float]) -> float:
        """Return the value farthest from satisfying it."""
        if self.test in {"<", "<="}:
            return max(values)
        if self.test in {">", ">="}:
            return min(values)
        return max(values, key=lambda value: abs(value - self.value))


class CriterionJudge:
    """Judges one criterion each second and remembers how long its target has held."""

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self._target = Target.parse(criterion.target)
        self._since: float | None = None
        self._judged = -math.inf
        self.view = self._seen("inconclusive", None, 0, "not judged yet")

    def judge(self, metrics: Metrics, now: float, unknown: str = "") -> CriterionView:
        """Ask and judge; `unknown` is a reason for which nothing can be said at all.

        Raises nothing: what cannot be asked is inconclusive, and says why.
        """
        if now - self._judged > _BREAK:
            self._since = None
        self._judged = now
        reason, value = (unknown, None) if unknown else self._measure(metrics, now)
        if reason or value is None:
            self._since = None
            self.view = self._seen("inconclusive", value, 0, reason)
        elif not self._target.met(value):
            self._since = None
            self.view = self._seen("fail", value, 0, "")
        else:
            self._since = now if self._since is None else self._since
            self.view = self._holding(value, now - self._since)
        return self.view

    def _measure(self, metrics: Metrics, now: float) -> tuple[str, float | None]:
        """Return why nothing can be said, or nothing and the value."""
        criterion = self.criterion
        try:
            values = metrics.values(criterion.query)
            traffic = metrics.values(criterion.traffic_query)
            newest = metrics.values(freshness(criterion.query, criterion.traffic_query))
        except MetricsAway as error:
            return str(error), None
        except MetricsUnknown as error:
            return f"the query failed: {error}", None
        reason = (
            _too_little(traffic, criterion.min_traffic) or _too_old(newest, now) or _odd(values)
        )
        return reason, None if reason else self._target.worst(values)

    def _holding(self, value: float, held: float) -> CriterionView:
        hold = self.criterion.hold
        if held >= hold:
            return self._seen("pass", value, hold, "")
        reason = f"the target has held for {held:.0f} of {hold:.0f} s"
        before = self.view.verdict
        verdict: Verdict = "inconclusive" if before == "pass" else before
        return self._seen(verdict, value, held, reason)

    def _seen(
        self, verdict: Verdict, value: float | None, held: float, reason: str
    ) -> CriterionView:
        criterion = self.criterion
        return CriterionView(
            id=criterion.id,
            title=criterion.title,
            verdict=verdict,
            value=value,
            target=criterion.target,
            unit=criterion.unit,
            held=held,
            hold=criterion.hold,
            reason=reason,
        )


def freshness(*queries: str) -> str:
    """Return PromQL for the time of the newest sample behind queries: of their range selectors.

    A query without one reads instant values, which Prometheus itself drops when they are stale;
    then the newest scrape of anything counts.
    """
    selectors = dict.fromkeys(
        f"{name}{matchers or ''}"
        for query in queries
        for name, matchers in _SELECTOR.findall(query)
    )
    parts = [f"timestamp({selector})" for selector in selectors] or ["timestamp(up)"]
    return f"max({' or '.join(parts)})"


def _too_little(traffic: tuple[float, ...], enough: float) -> str:
    total = sum(traffic)
    if not traffic or not math.isfinite(total):
        return "no traffic was measured"
    return "" if total >= enough else f"too little traffic: {total:.0f} of {enough:g} requests"


def _too_old(newest: tuple[float, ...], now: float) -> str:
    if not newest or not math.isfinite(newest[0]):
        return "no fresh sample"
    age = now - newest[0]
    return f"the newest sample is {age:.0f} s old" if age > STALE_AFTER else ""


def _odd(values: tuple[float, ...]) -> str:
    if not values:
        return "the query found nothing"
    return "" if all(map(math.isfinite, values)) else "the value is not a number"
