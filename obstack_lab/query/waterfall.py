"""Draws a trace as a waterfall: text, HTML and a figure from the same rows.

Siblings that repeat are one row (a count and their name). The critical path is darker: the spans
whose end somebody waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstack_lab.query.trace import Span, Trace

COLOURS = ("#0072B2", "#56B4E9", "#CC79A7", "#999999")
"""Okabe–Ito's calm ones, a service each in the order of the trace; the last is for the rest."""
MOST_ROWS = 200
_NANO = 1_000_000_000
_REPEATS = 3
_DEEPEST = 24


@dataclass(frozen=True)
class Row:
    """One line of the waterfall: a span, or `count` alike siblings; begin and end are shares."""

    depth: int
    span: Span
    count: int
    begin: float
    end: float
    seconds: float
    self_time: float
    failed: bool
    critical: bool

    @property
    def label(self) -> str:
        return f"{self.count} × {self.span.name}" if self.count > 1 else self.span.name


def rows(trace: Trace) -> list[Row]:
    """Return the lines of the waterfall, parents first."""
    start, whole = trace.start, trace.duration or 1 / _NANO
    critical = {span.span_id for root in trace.roots for span in _critical(root)}

    def share(moment: int) -> float:
        return min(max((moment - start) / _NANO / whole, 0.0), 1.0)

    drawn: list[Row] = []
    waiting = [(group, 0) for group in reversed(list(_groups(trace.roots)))]
    while waiting:
        group, depth = waiting.pop()
        drawn.append(
            Row(
                depth=depth,
                span=group[0],
                count=len(group),
                begin=share(min(span.start for span in group)),
                end=share(max(span.end for span in group)),
                seconds=sum(span.duration for span in group),
                self_time=sum(span.self_time for span in group),
                failed=any(span.failed for span in group),
                critical=any(span.span_id in critical for span in group),
            )
        )
        if len(group) == 1:
            below = list(_groups(group[0].children))
            waiting += [(alike, depth + 1) for alike in reversed(below)]
    return drawn


def text(trace: Trace, width: int) -> str:
    """Return the waterfall in `width` characters: who, what, bar, duration; ✘ marks an error."""
    lines = rows(trace)
    shown = lines[:MOST_ROWS]
    names = [f"{'  ' * min(row.depth, _DEEPEST)}{row.span.service} {row.label}" for row in shown]
    times = [f"{duration(row.seconds)}{' ✘' if row.failed else ''}" for row in shown]
    left = min(max(map(len, names), default=0), width // 2)
    right = max(map(len, times), default=0)
    bar = max(width - left - right - 2, 10)
    drawn = [trace.summary()]
    for row, name, time in zip(shown, names, times, strict=True):
        begin = min(int(row.begin * bar), bar - 1)
        long = max(round(row.end * bar) - begin, 1)
        block = ("█" if row.critical else "░") * long
        cut = name if len(name) <= left else f"{name[: left - 1]}…"
        drawn.append(f"{cut:<{left}} {' ' * begin}{block:<{bar - begin}} {time}")
    if len(lines) > len(shown):
        drawn.append(f"… and {len(lines) - len(shown)} more rows")
    return "\n".join(drawn)


def html(trace: Trace) -> str:
    """Return the waterfall as a table with its own style; all that a span says is escaped."""
    lines = rows(trace)
    colours = _colours(trace)
    body = "".join(_row(row, colours) for row in lines[:MOST_ROWS])
    more = len(lines) - MOST_ROWS
    rest = f'<p class="more">… and {more} more rows</p>' if more > 0 else ""
    return (
        f"<style>{_style()}</style>"
        f'<div class="obstack-trace"><p class="summary">{escape(trace.summary())}'
        f" <code>{escape(trace.trace_id)}</code></p>"
        f"<table><thead><tr><th>Service and operation</th><th>Time</th><th>Duration</th></tr>"
        f"</thead><tbody>{body}</tbody></table>{rest}</div>"
    )


def figure(trace: Trace) -> Any:
    """Return the waterfall as a plotly figure: horizontal bars in milliseconds."""
    import plotly.graph_objects as go

    lines = rows(trace)[:MOST_ROWS]
    colours = _colours(trace)
    whole = trace.duration * 1000
    drawn = go.Figure()
    for service in dict.fromkeys(row.span.service for row in lines):
        mine = [(number, row) for number, row in enumerate(lines) if row.span.service == service]
        drawn.add_bar(
            orientation="h",
            name=escape(service),
            y=[number for number, _ in mine],
            base=[row.begin * whole for _, row in mine],
            x=[max((row.end - row.begin) * whole, whole / 500) for _, row in mine],
            marker_color=colours[service],
            marker_opacity=[1.0 if row.critical else 0.55 for _, row in mine],
            hovertext=[escape(_hover(row)) for _, row in mine],
            hoverinfo="text",
        )
    ticks = [f"{'  ' * row.depth}{escape(row.label)}{' ✘' if row.failed else ''}" for row in lines]
    drawn.update_layout(
        title=escape(trace.summary()),
        barmode="overlay",
        height=120 + 22 * len(lines),
        margin={"l": 8, "r": 8, "t": 48, "b": 40},
        xaxis={"title": "milliseconds since the trace began", "rangemode": "tozero"},
        yaxis={
            "autorange": "reversed",
            "tickmode": "array",
            "tickvals": list(range(len(lines))),
            "ticktext": ticks,
            "automargin": True,
        },
    )
    return drawn


def duration(seconds: float) -> str:
    """Return a duration as the desk writes it: `1.24 s`, `230 ms`, `45.1 µs`, `1 m 40 s`."""
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} m {rest} s"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds * 1e6)} µs"


def _digits(number: float) -> str:
    """Return three significant digits, without an exponent."""
    places = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:.{places}f}".rstrip("0").rstrip(".") if places else f"{number:.0f}"


def _groups(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Put neighbours together that are alike and have no children, from three on."""
    for key, alike in groupby(spans, key=lambda s: (s.service, s.name, bool(s.children))):
        group = list(alike)
        if len(group) >= _REPEATS and not key[2]:
            yield group
        else:
            yield from ([span] for span in group)


def _critical(root: Span) -> Iterator[Span]:
    """Yield the spans that the end of `root` waited for, walking back from each end."""
    waiting = [root]
    while waiting:
        span = waiting.pop()
        yield span
        until = span.end
        for child in sorted(span.children, key=lambda child: child.end, reverse=True):
            if child.end <= until:
                waiting.append(child)
                until = child.start


def _colours(trace: Trace) -> dict[str, str]:
    return {
        service: COLOURS[min(number, len(COLOURS) - 1)]
        for number, service in enumerate(trace.services)
    }


def _hover(row: Row) -> str:
    span = row.span
    parts = [f"{span.service} {row.label}", f"self time {duration(row.self_time)}"]
    if span.message:
        parts.append(span.message)
    parts += [f"{name}={value}" for name, value in span.attributes.items()]
    return "\n".join(parts)


def _row(row: Row, colours: dict[str, str]) -> str:
    left, wide = row.begin * 100, max((row.end - row.begin) * 100, 0.3)
    mark = '<span class="bad">✘ error</span> ' if row.failed else ""
    kind = "bar critical" if row.critical else "bar"
    colour = colours[row.span.service]
    return (
        f'<tr title="{escape(_hover(row))}">'
        f'<td style="padding-left:{min(row.depth, _DEEPEST) * 14 + 10}px;'
        f'box-shadow:inset 4px 0 {colour}">'
        f'{mark}<span class="service">{escape(row.span.service)}</span> {escape(row.label)}</td>'
        f'<td class="lane"><span class="{kind}" style="margin-left:{min(left, 99.7):.2f}%;'
        f'width:{min(wide, 100 - min(left, 99.7)):.2f}%;background:{colour}"></span></td>'
        f'<td class="time">{escape(duration(row.seconds))}</td></tr>'
    )


@cache
def _style() -> str:
    return (files("obstack_lab.query") / "waterfall.css").read_text("utf-8")
