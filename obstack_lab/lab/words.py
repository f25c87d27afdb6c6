"""Numbers, times, phases and verdicts as a learner reads them (desk-design.md, "Rules")."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from obstack_lab.review.journal import Phase, Verdict

UNKNOWN = "–"
NARROW = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class Sign:
    """A state as a word, a shape and a tone: never a colour alone."""

    word: str
    shape: str
    tone: str

    def plain(self) -> dict[str, str]:
        """Return the sign as the browser gets it."""
        return asdict(self)


PHASES: dict[Phase, Sign] = {
    "ready": Sign("Not started", "○", "calm"),
    "baseline": Sign("Healthy baseline", "○", "fine"),
    "incident": Sign("Incident", "▲", "bad"),
    "mitigated": Sign("Mitigated", "◆", "warn"),
    "resolved": Sign("Resolved", "✔", "fine"),
    "ended": Sign("Ended", "■", "calm"),
}
NO_RUN = Sign("No run", "○", "calm")
VERDICTS: dict[Verdict, Sign] = {
    "pass": Sign("pass", "✔", "fine"),
    "fail": Sign("fail", "✘", "bad"),
    "inconclusive": Sign("inconclusive", "?", "warn"),
}
OUTCOMES = {
    "resolved": Sign("Resolved: the cause is gone", "✔", "fine"),
    "mitigated": Sign("Mitigated: users are well, the cause is still there", "◆", "warn"),
    "unresolved": Sign("Unresolved: users were not well at the end", "✘", "bad"),
}


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with three significant digits and thousands separators."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    exact = float(f"{value:.{digits}g}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(exact))))
    return f"{exact if places else round(value):,.{places}f}"


def count(value: int | None) -> str:
    """Return a whole number with thousands separators."""
    return UNKNOWN if value is None else f"{value:,}"


def percent(ratio: float | None) -> str:
    """Return a share in percent, cut and never rounded up: 100 % means all of them."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    cut = math.floor(ratio * 1000 + 1e-9) / 10
    text = f"{cut:.0f}" if cut in {0.0, 100.0} else f"{cut:.1f}"
    return f"{text}{NARROW}%"


def duration(seconds: float | None) -> str:
    """Return `230 ms`, `2.1 s`, `45 s`, `1 m 40 s`, `1 h 5 m`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if 0 < seconds < 0.9995:
        return f"{number(seconds * 1000)}{NARROW}ms"
    if 0 < seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NARROW}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}{NARROW}m {rest}{NARROW}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{NARROW}h {minutes}{NARROW}m"


def whole(seconds: float | None) -> str:
    """Return a duration in whole seconds: what was counted second by second."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return duration(seconds) if seconds >= 10 else f"{int(seconds)}{NARROW}s"


def clock(seconds: float | None) -> str:
    """Return a run's clock: `04:12`, `1:02:03`, with a sign before the start."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = int(abs(seconds))
    sign = "−" if seconds <= -1 else ""
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes:02}:{rest:02}"


def quantity(value: float | None, unit: str) -> str:
    """Return a criterion's value in its unit."""
    match unit:
        case "ratio":
            return percent(value)
        case "seconds":
            return duration(value)
        case "requests_per_second":
            return UNKNOWN if value is None else f"{number(value)} requests/s"
        case _:
            return number(value)


COMPARISONS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than", "==": "just"}


def target(text: str, unit: str) -> str:
    """Return a criterion's target in words: `at least 99 %`."""
    for sign in (">=", "<=", "==", ">", "<"):
        if text.startswith(sign):
            value = quantity(float(text[len(sign) :]), unit)
            return f"{COMPARISONS[sign]} {value.replace(f'.0{NARROW}', NARROW)}"
    return text


def severity(name: str | None) -> Sign:
    """Return how a severity of an alert or a declaration is shown."""
    match name:
        case "critical" | "page" | "sev1":
            return Sign(name, "▲", "bad")
        case "warning" | "ticket" | "sev2" | "sev3":
            return Sign(name, "◆", "warn")
        case None:
            return Sign("not declared", "○", "calm")
        case _:
            return Sign(name, "●", "calm")
