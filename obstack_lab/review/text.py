"""The review for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from obstack_lab.review.model import Answer, EvidenceLine, Review, Stretch, TimelineLine
from obstack_lab.review.words import UNKNOWN, clock, count, duration, percent

_OUTCOMES = {
    "resolved": ("✔", "green"),
    "mitigated": ("◐", "yellow"),
    "unresolved": ("✘", "red"),
}
_LANES = {"system": "■", "users": "▲", "people": "“", "you": "●", "looked": "○"}
_QUIET = "bright_black"


def render(review: Review) -> RenderableType:
    """Return what Rich prints: no markup of the run's own texts is interpreted."""
    return Group(*_parts(review))


def _parts(review: Review) -> Iterator[RenderableType]:
    shape, colour = _OUTCOMES[review.outcome]
    yield Text(review.title, style="bold")
    yield Text(f"{review.run.id} · seed {review.run.seed} · {review.difficulty}", style=_QUIET)
    yield Text(f"\n{shape} {review.headline}", style=f"bold {colour}")
    yield Text(review.verdict)
    yield Text(_moments(review))
    yield _heading("What users went through")
    yield _impact(review)
    yield from (Text(f"• {one.sentence}") for one in review.what_if)
    if review.scores.scores:
        yield _heading(f"Points: {review.scores.total} of {review.scores.of}")
        yield _scores(review)
    if review.evidence:
        yield _heading("What there was to see")
        yield from map(_evidence, review.evidence)
    if review.answers:
        yield _heading("Your account of the cause")
        yield from map(_answer, review.answers)
        if review.account:
            yield Padding(Text(review.account, style="italic"), (1, 2, 0, 2))
        yield Text(f"The way out we would take: {review.reference}.")
        if review.alternatives:
            yield Text(f"Also good: {'; '.join(review.alternatives)}.")
    yield _heading("What happened")
    yield _timeline(review.timeline)
    if review.hints:
        yield _heading("Hints")
        for hint in review.hints:
            price = f"asked for, {hint.cost} points" if hint.cost else "free"
            yield Text(f"{clock(hint.at)} {hint.text} ({price})")
    if review.explanation:
        yield _heading("The explanation")
        yield Markdown(review.explanation)


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold underline")


def _moments(review: Review) -> str:
    times, whole = review.times, review.impact.whole
    return (
        f"detected {duration(times.detected)} · mitigated {duration(times.mitigated)} · "
        f"resolved {duration(times.resolved)} · users affected {count(whole.users_affected)} of "
        f"{count(review.impact.users)} · requests lost {count(whole.requests_lost)} · "
        f"downtime {duration(whole.downtime)}"
    )


def _impact(review: Review) -> Table:
    table = Table(box=None, pad_edge=False, header_style=_QUIET)
    for name in ("", "lasted", "answered well", "p95", "requests", "lost", "affected", "downtime"):
        table.add_column(name, justify="right" if name else "left")
    parts = (
        ("before", review.impact.before),
        ("during", review.impact.during),
        ("after", review.impact.after),
    )
    for name, part in parts:
        table.add_row(name, *(_figures(part) if part else [UNKNOWN] * 7))
    return table


def _figures(part: Stretch) -> list[str]:
    return [
        duration(part.seconds),
        percent(part.success_ratio),
        duration(part.p95),
        count(part.requests),
        count(part.requests_lost),
        count(part.users_affected),
        duration(part.downtime),
    ]


def _scores(review: Review) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for one in review.scores.scores:
        table.add_row(one.skill, f"{one.points} of {one.of}", Text(one.reason))
    if review.scores.hints:
        table.add_row("hints", f"−{review.scores.hints}", "The price of the hints you asked for.")
    return table


def _evidence(line: EvidenceLine) -> Text:
    if line.seen_at is None:
        return Text.assemble(
            ("✘ ", "red"), f"the {line.shows}: would have shown it ({line.language}) ", line.query
        )
    return Text.assemble(
        ("✔ ", "green"), f"the {line.shows}: you asked at {clock(line.seen_at)} ", line.seen_by
    )


def _answer(answer: Answer) -> Text:
    truth = "" if answer.right else f" Right is: {', or '.join(answer.truth)}."
    if answer.right is None:
        return Text(f"– {answer.question} Not answered.{truth}")
    shape, colour = ("✔ ", "green") if answer.right else ("✘ ", "red")
    return Text.assemble((shape, colour), f"{answer.question} {answer.chosen}.{truth}")


def _timeline(lines: tuple[TimelineLine, ...]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style=_QUIET)
    table.add_column()
    table.add_column()
    for line in lines:
        text = Text(line.text)
        for detail in line.detail:
            text.append(f"\n{detail}", style=_QUIET)
        table.add_row(clock(line.at), _LANES[line.lane], text)
    return table
