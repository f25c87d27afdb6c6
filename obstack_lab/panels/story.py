"""The review as parts that the browser draws: figures, chart, timeline, tables, prose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obstack_lab.lab import words
from obstack_lab.panels.prose import prose
from obstack_lab.panels.view import Block

if TYPE_CHECKING:
    from obstack_lab.review import Review

LANES = {
    "system": "system",
    "users": "users",
    "people": "people",
    "you": "you did",
    "looked": "you looked",
}
KINDS = {"incident": "start", "mitigated": "action", "resolved": "action"}
AFTER = "after the start"
SHOWN = {"symptom": "the symptom", "mechanism": "the mechanism", "cause": "the cause"}


def review(data: Review) -> Block:
    """Return the parts of a review in reading order."""
    parts = [
        {"kind": "sign", "sign": words.OUTCOMES[data.outcome].plain()},
        _said(data.headline, data.verdict),
        _figures(data),
        _chart(data),
        _scores(data),
        _timeline(data),
        _evidence(data),
        _answers(data),
        _what_if(data),
        _way_out(data),
        {"kind": "prose", "title": "What it was", "nodes": prose(data.explanation)},
    ]
    return {"run": data.run.id, "parts": [part for part in parts if part]}


def _said(*paragraphs: str) -> Block:
    return {"kind": "prose", "nodes": [["p", text] for text in paragraphs if text]}


def _figures(data: Review) -> Block:
    times, whole = data.times, data.impact.whole
    affected = f"of {words.count(data.impact.users)}"
    return {
        "kind": "figures",
        "items": [
            {"label": "Points", "value": str(data.scores.total), "note": f"of {data.scores.of}"},
            {"label": "Detected", "value": words.whole(times.detected), "note": AFTER},
            {
                "label": "Mitigated",
                "value": words.whole(times.mitigated),
                "note": AFTER,
            },
            {"label": "Resolved", "value": words.whole(times.resolved), "note": AFTER},
            {
                "label": "Users affected",
                "value": words.count(whole.users_affected),
                "note": affected,
            },
            {
                "label": "Requests lost",
                "value": words.count(whole.requests_lost),
                "note": f"of {words.count(whole.requests)}",
            },
            {"label": "Downtime", "value": words.whole(whole.downtime), "note": ""},
        ],
    }


def _chart(data: Review) -> Block | None:
    origin, series = data.run.started_at, data.series
    if origin is None or not series.requests:
        return None
    pairs = list(zip(series.requests, series.good, strict=True))
    stretches = [pairs[place : place + 5] for place in range(0, len(pairs), 5)]
    shares = [
        round(sum(good for _, good in stretch) / asked, 4)
        if (asked := sum(requests for requests, _ in stretch))
        else None
        for stretch in stretches
    ]
    begin = origin + series.start
    return {
        "kind": "chart",
        "title": "Requests answered well",
        "unit": "ratio",
        "times": [begin + 5 * place for place in range(len(shares))],
        "lines": [{"name": "answered well", "values": shares}],
        "marks": [
            {"at": origin + mark.at, "kind": KINDS.get(mark.kind, mark.kind), "text": mark.text}
            for mark in data.marks
        ],
        "note": "",
    }


def _scores(data: Review) -> Block:
    rows = [[s.skill, f"{s.points}\u00a0of\u00a0{s.of}", s.reason] for s in data.scores.scores]
    if data.scores.hints:
        rows.append(["hints", f"−{data.scores.hints}", "hints that were asked for"])
    return {
        "kind": "table",
        "title": "Five skills",
        "columns": ["skill", "points", "why"],
        "rows": rows,
    }


def _timeline(data: Review) -> Block:
    return {
        "kind": "timeline",
        "title": "Timeline",
        "items": [
            {
                "clock": words.clock(line.at),
                "kind": line.lane,
                "word": LANES[line.lane],
                "text": line.text,
                "detail": list(line.detail),
            }
            for line in data.timeline
        ],
    }


def _evidence(data: Review) -> Block | None:
    if not data.evidence:
        return None
    rows = [
        [
            SHOWN[line.shows],
            words.clock(line.seen_at) if line.seen_at is not None else "not seen",
            line.seen_by or line.query,
        ]
        for line in data.evidence
    ]
    return {
        "kind": "table",
        "title": "What you looked at, and what would have shown it",
        "columns": ["shows", "you saw it", "query"],
        "rows": rows,
    }


def _answers(data: Review) -> Block | None:
    verdicts = {True: "✔ right", False: "✘ wrong", None: "– not answered"}
    rows = [
        [a.question, a.chosen or words.UNKNOWN, verdicts[a.right], "; ".join(a.truth)]
        for a in data.answers
    ]
    if data.account:
        rows.append(["In your words", data.account, "", ""])
    if not rows:
        return None
    return {
        "kind": "table",
        "title": "Your write-up",
        "columns": ["question", "you said", "", "the answer"],
        "rows": rows,
    }


def _what_if(data: Review) -> Block | None:
    if not data.what_if:
        return None
    lines = [["li", item.sentence] for item in data.what_if]
    return {"kind": "prose", "title": "Had it been done earlier", "nodes": [["ul", *lines]]}


def _way_out(data: Review) -> Block:
    lines = [["p", data.reference], *(["p", f"Also: {other}"] for other in data.alternatives)]
    return {"kind": "prose", "title": "The way out we would take", "nodes": lines}
