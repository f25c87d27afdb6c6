"""The timeline: what happened, what the learner did and looked at, grouped to read well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from obstack_lab.review.course import Course
from obstack_lab.review.journal import (
    ActionEntry,
    AlertEntry,
    ChangeEntry,
    ComponentEntry,
    CriterionEntry,
    DeclareEntry,
    FaultEntry,
    HintEntry,
    JournalEntry,
    MessageEntry,
    NoteEntry,
    PhaseEntry,
    QueryEntry,
    WriteUpEntry,
)
from obstack_lab.review.model import Lane, Mark, TimelineLine
from obstack_lab.review.words import clock, counted, one_line
from obstack_lab.scenario.model import Scenario

Told = tuple[Lane, str, tuple[str, ...]]
LEARNER = "you"
"""Who made a change, where it was the learner."""
_SHOWN_QUERIES = 6
_MARKED_ALERTS = 5
_LOOKED_AT = {
    "promql": "metrics",
    "logql": "logs",
    "traceql": "traces",
    "trace": "single traces",
    "sql": "the database",
}
_PHASES = {
    "baseline": "Users come; the system is as it should be.",
    "incident": "The incident begins.",
    "mitigated": "Users are well again.",
    "resolved": "The cause is gone.",
    "ended": "The run ends.",
}
_FAULTS = {
    "injected": "sets in",
    "cleared": "is taken away by the lab",
    "gone": "is gone",
    "back": "is back",
}
_CHANGES = {
    "deploy": "was deployed",
    "rollback": "was rolled back",
    "config": "got another setting",
    "restart": "was restarted",
    "scale": "was scaled",
    "signal": "got a signal",
    "load": "gets other traffic",
}
_VERDICTS = {"pass": "holds", "fail": "fails", "inconclusive": "cannot be judged"}


def timeline(
    journal: Sequence[JournalEntry], course: Course, scenario: Scenario
) -> tuple[TimelineLine, ...]:
    """Return the story in its order; queries between two other lines share one."""
    titles = {criterion.id: criterion.title for criterion in scenario.criteria}
    lines: list[TimelineLine] = []
    looked: list[QueryEntry] = []
    for entry in journal:
        if isinstance(entry, QueryEntry):
            looked += [entry] if entry.asked else []
        elif (told := _tell(entry, titles)) is not None:
            if looked and told[0] != "users":
                lines.append(_look(looked, course))
                looked = []
            lane, text, detail = told
            at = round(entry.at - course.begin, 3)
            lines.append(TimelineLine(at=at, lane=lane, text=text, detail=detail))
    if looked:
        lines.append(_look(looked, course))
    return tuple(sorted(_calmed(lines), key=lambda line: line.at))


def _tell(entry: JournalEntry, titles: dict[str, str]) -> Told | None:
    return _happened(entry) or _said(entry) or _did(entry) or _judged(entry, titles)


def _happened(entry: JournalEntry) -> Told | None:
    told: Told | None = None
    match entry:
        case PhaseEntry(phase=phase, reason=reason) if phase in _PHASES:
            told = "system", reason or _PHASES[phase], ()
        case ChangeEntry() if entry.who != LEARNER:
            told = "system", f"{entry.component} {_CHANGES[entry.what]}{_step(entry)}", ()
        case AlertEntry(state="firing"):
            told = "system", f"Alert {entry.name} fires", (entry.summary,) if entry.summary else ()
        case AlertEntry(state="resolved"):
            told = "system", f"Alert {entry.name} is over", ()
        case ComponentEntry():
            told = "system", f"{entry.component} {entry.what}", ()
        case FaultEntry(driver="load", what="injected"):
            told = "system", "Other traffic sets in", ()
        case FaultEntry() if entry.driver != "load":
            told = "system", f"The fault '{entry.id}' ({entry.driver}) {_FAULTS[entry.what]}", ()
        case _:
            pass
    return told


def _said(entry: JournalEntry) -> Told | None:
    match entry:
        case MessageEntry():
            return "people", f"{entry.sender}: {one_line(entry.text)}", ()
        case HintEntry():
            hint = "A hint you asked for" if entry.why == "asked" else "A hint"
            return "people", f"{hint}: {one_line(entry.text)}", ()
        case _:
            return None


def _did(entry: JournalEntry) -> Told | None:
    told: Told | None = None
    match entry:
        case ActionEntry(status="done" | "failed"):
            told = "you", _action(entry), (entry.result,) if entry.result else ()
        case NoteEntry():
            told = "you", f"You noted: {one_line(entry.text)}", ()
        case DeclareEntry():
            told = "you", f"You declared: {entry.severity}", ()
        case AlertEntry(state="acknowledged"):
            told = "you", f"You acknowledged alert {entry.name}", ()
        case WriteUpEntry():
            told = "you", "You wrote up the cause", ()
        case _:
            pass
    return told


def _judged(entry: JournalEntry, titles: dict[str, str]) -> Told | None:
    if not isinstance(entry, CriterionEntry):
        return None
    title = titles.get(entry.id, entry.id)
    return "users", f"“{title}” {_VERDICTS[entry.verdict]}", (entry.reason,) if entry.reason else ()


def _step(entry: ActionEntry | ChangeEntry) -> str:
    return f": {entry.before} → {entry.after}" if entry.before or entry.after else ""


def _action(entry: ActionEntry) -> str:
    words = " ".join(f"{key}={value}" for key, value in entry.params.items())
    tail = ", which failed" if entry.status == "failed" else _step(entry)
    return f"You did {entry.action} {words}".rstrip() + tail


def _look(queries: Sequence[QueryEntry], course: Course) -> TimelineLine:
    """Return one line for queries in a row: how many of what, and the different ones."""
    kinds = Counter(_LOOKED_AT[query.language] for query in queries)
    what = ", ".join(f"{kind} {many} ×" for kind, many in kinds.items())
    texts = Counter(one_line(query.query) for query in queries)
    shown = [
        text if many == 1 else f"{text}  ({many} ×)"
        for text, many in list(texts.items())[:_SHOWN_QUERIES]
    ]
    if (more := len(texts) - len(shown)) > 0:
        shown.append(f"and {counted(more, 'other')}")
    first, last = (round(query.at - course.begin, 3) for query in (queries[0], queries[-1]))
    until = f" until {clock(last)}" if last - first >= 1 else ""
    return TimelineLine(
        at=first, lane="looked", text=f"You looked at {what}{until}", detail=tuple(shown)
    )


def _calmed(lines: Iterable[TimelineLine]) -> list[TimelineLine]:
    """Leave out verdicts that were no news: unknown ones before the start, and flutter.

    Of a criterion that changes more often than every 10 s, the last of those changes stays.
    """
    kept: list[TimelineLine] = []
    for line in lines:
        if line.lane == "users":
            if line.at < 0:
                continue
            title = line.text.split("”")[0]
            kept = [
                other
                for other in kept
                if not (
                    other.lane == "users"
                    and other.text.startswith(title)
                    and line.at - other.at < 10
                )
            ]
        kept.append(line)
    return kept


def marks(journal: Sequence[JournalEntry], course: Course) -> tuple[Mark, ...]:
    """Return the moments that the charts mark; of the alerts, the first few different ones."""
    found = [Mark(at=0.0, kind="incident", text="incident")]
    alerts: set[str] = set()
    for entry in journal:
        at = round(entry.at - course.begin, 3)
        match entry:
            case AlertEntry(state="firing", name=name) if name not in alerts:
                alerts.add(name)
                if len(alerts) <= _MARKED_ALERTS:
                    found.append(Mark(at=at, kind="alert", text=f"alert {entry.name}"))
            case ChangeEntry() if entry.who != LEARNER:
                text = f"{entry.component} {entry.what} {entry.after}".rstrip()
                found.append(Mark(at=at, kind="change", text=text))
            case ActionEntry(status="done"):
                service = entry.params.get("service", "")
                text = f"{entry.action} {service}".rstrip()
                found.append(Mark(at=at, kind="action", text=text))
            case _:
                pass
    for kind, moment in (("mitigated", course.mitigated), ("resolved", course.resolved)):
        if moment is not None:
            found.append(
                Mark.model_validate(
                    {"at": round(moment - course.begin, 3), "kind": kind, "text": kind}
                )
            )
    return tuple(sorted(found, key=lambda mark: mark.at))
