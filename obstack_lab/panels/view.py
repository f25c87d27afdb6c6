"""The desk's view-model: what a snapshot looks like, as plain data. Pure functions, no widget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from obstack_lab.lab import words
from obstack_lab.orchestrator.views import (
    AlertView,
    CriterionView,
    FeedEntry,
    ImpactView,
    RunView,
    SecondView,
    Snapshot,
    UserTile,
)

Block = dict[str, Any]
"""One part of the desk as the browser gets it: JSON with no objects of ours."""

SPARK_SECONDS = 300
FEED_LENGTH = 60
KINDS = {
    "message": "message",
    "hint": "hint",
    "system": "system",
    "change": "change",
    "alert": "alert",
    "action": "you did",
    "note": "your note",
}
TILES = {"good": "g", "lost": "l", "none": "n"}


def view(snapshot: Snapshot) -> dict[str, Block]:
    """Return every block of the desk that follows the snapshot, by name."""
    run = snapshot.run
    start = run.started_at if run else None
    return {
        "header": header(run, healthy=snapshot.status.healthy),
        "users": users(snapshot.impact),
        "tiles": tiles(snapshot.impact.tiles if snapshot.impact else ()),
        "criteria": {"items": [criterion(c) for c in snapshot.criteria]},
        "alerts": alerts(snapshot.alerts, snapshot.status.now),
        "feed": {"items": [entry(e, start) for e in snapshot.feed[:FEED_LENGTH]]},
        "changes": {"items": [entry(e, start) for e in snapshot.changes[:FEED_LENGTH]]},
        "act": act(snapshot),
        "writeup": {
            "questions": [
                {"facet": q.facet, "text": q.text, "options": list(q.options.items())}
                for q in snapshot.questions
            ]
        },
    }


def header(run: RunView | None, *, healthy: bool) -> Block:
    """Return title, phase, clocks, severity, the next step and which buttons work."""
    if run is None:
        return {
            "title": "No run yet",
            "phase": words.NO_RUN.plain(),
            "live": False,
            "next": 'Open a scenario: lab = open_lab("checkout-stalls")',
            "can": {"start": False, "declare": False, "finish": False},
        }
    phase = words.PHASES[run.phase]
    started = run.started_at is not None
    ended = run.phase == "ended"
    since = (run.ended_at or run.now) - run.started_at if run.started_at is not None else None
    return {
        "run": run.id,
        "title": run.title,
        "phase": phase.plain(),
        "live": run.phase in {"incident", "mitigated", "resolved"},
        "clock": words.clock(since) if started else "",
        "left": _left(run),
        "severity": words.severity(run.severity).plain(),
        "declared": run.severity,
        "next": _next_step(run, healthy=healthy),
        "ended": ended,
        "can": {
            "start": not started and not ended,
            "declare": started and not ended,
            "finish": started and not ended,
        },
    }


def _left(run: RunView) -> str:
    if run.phase == "ended" or run.time_left is None:
        return ""
    return "time over" if run.time_left <= 0 else f"{words.clock(run.time_left)} left"


NEXT: dict[str, str] = {
    "ready": "The system is starting. Read the briefing meanwhile.",
    "unhealthy": "A component is not healthy yet. Wait a moment, or see ./lab status.",
    "baseline": "Read the briefing, see what healthy looks like in Overview, then start.",
    "over": "The time is over. You may go on, or press Finish and read the review.",
    "undeclared": "Look at the users. How bad is it? Press Declare, then find out why.",
    "incident": "Find out which component makes users wait, then act.",
    "mitigated": "Users are well again, but the cause is still there. Remove it, or finish.",
    "resolved": "Users are well and the cause is gone. Write up what happened, then finish.",
    "ended": "The run has ended. Read the review.",
}


def _next_step(run: RunView, *, healthy: bool) -> str:
    if run.outcome:
        return f"{words.OUTCOMES[run.outcome].word}. Read the review."
    step: str = run.phase
    if run.phase == "baseline" and not healthy:
        step = "unhealthy"
    elif run.phase == "incident":
        if run.time_left is not None and run.time_left <= 0:
            step = "over"
        elif run.detected_at is None:
            step = "undeclared"
    return NEXT[step]


def users(impact: ImpactView | None) -> Block:
    """Return the figures of the users' panel and the share answered well, second by second."""
    if impact is None:
        waiting = "No users yet: the load has not started."
        labels = ("Success", "Users affected", "Requests lost", "p95", "Downtime")
        return {
            "figures": [{"label": t, "value": words.UNKNOWN, "why": waiting} for t in labels],
            "series": [],
            "summary": waiting,
        }
    ratio = impact.success_ratio
    few = f"Too little traffic: {words.number(impact.rate)} requests/s"
    figures: list[Block] = [
        {
            "label": "Success",
            "value": words.percent(ratio),
            "note": "answered well, last 10 s",
            "why": few if ratio is None else _reconciled(impact),
            "tone": _tone(ratio),
            "trend": _trend(impact),
            "lead": True,
        },
        {
            "label": "Users affected",
            "value": words.count(impact.users_affected),
            "note": f"of {words.count(impact.users)}",
            "tone": "bad" if impact.users_affected else "",
        },
        {
            "label": "Requests lost",
            "value": words.count(impact.requests_lost),
            "note": f"of {words.count(impact.requests)}",
            "tone": "bad" if impact.requests_lost else "",
        },
        {
            "label": "p95",
            "value": words.duration(impact.p95),
            "note": f"at {words.number(impact.rate)} requests/s",
            "why": few if impact.p95 is None else "",
        },
        {"label": "Downtime", "value": words.whole(impact.downtime), "note": "since the start"},
    ]
    return {
        "figures": figures,
        "series": _by_five(impact.seconds[-SPARK_SECONDS:]),
        "summary": (
            f"{words.percent(ratio)} of requests answered well, "
            f"{words.count(impact.users_affected)} of {words.count(impact.users)} users affected."
        ),
    }


def _by_five(seconds: tuple[SecondView, ...]) -> list[list[float | None]]:
    """Return the share answered well in stretches of five seconds; none asked, a gap."""
    stretches: dict[int, list[int]] = {}
    for second in seconds:
        counts = stretches.setdefault(int(second.at) // 5 * 5, [0, 0])
        counts[0] += second.good
        counts[1] += second.requests
    return [
        [at, round(good / asked, 4) if asked else None] for at, (good, asked) in stretches.items()
    ]


def _reconciled(impact: ImpactView) -> str:
    """Say how far Prometheus and the ledger differ."""
    if impact.prometheus_success_ratio is None or impact.success_ratio is None:
        return "Counted from the ledger of every intended request."
    difference = abs(impact.success_ratio - impact.prometheus_success_ratio) * 100
    return (
        f"Counted from the ledger. Prometheus says "
        f"{words.percent(impact.prometheus_success_ratio)}: {difference:.1f} points apart."
    )


def _tone(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return "fine" if ratio >= 0.99 else "warn" if ratio >= 0.95 else "bad"


def _trend(impact: ImpactView) -> str:
    """Return whether the last 10 seconds are better or worse than the 10 before."""
    ratios = []
    for stretch in (impact.seconds[-20:-10], impact.seconds[-10:]):
        asked = sum(s.requests for s in stretch)
        if not asked:
            return ""
        ratios.append(sum(s.good for s in stretch) / asked)
    change = ratios[1] - ratios[0]
    return "falling" if change < -0.01 else "rising" if change > 0.01 else ""


def tiles(grid: tuple[UserTile, ...]) -> Block:
    """Return the grid of users: one letter a user, so that 10,000 of them stay small."""
    good = sum(tile.last == "good" for tile in grid)
    lost = sum(tile.last == "lost" for tile in grid)
    return {
        "last": "".join(TILES[tile.last] for tile in grid),
        "lost": [tile.lost for tile in grid],
        "names": [tile.user for tile in grid],
        "summary": f"Last request: {good:,} users served well, {lost:,} not."
        if grid
        else "No users yet.",
    }


def criterion(item: CriterionView) -> Block:
    """Return one criterion with its verdict in words and how long it has held."""
    sign = words.VERDICTS[item.verdict]
    done = 1.0 if item.hold <= 0 else min(1.0, item.held / item.hold)
    held = f"held {words.whole(item.held)} of {words.whole(item.hold)}"
    return {
        "id": item.id,
        "title": item.title,
        "sign": sign.plain(),
        "value": words.quantity(item.value, item.unit),
        "target": words.target(item.target, item.unit),
        "held": held if item.hold else "",
        "done": round(done, 3) if item.verdict != "inconclusive" else 0,
        "reason": item.reason,
    }


_ORDER = {"firing": 0, "pending": 1, "resolved": 2}


def alerts(found: tuple[AlertView, ...], now: float) -> Block:
    """Return the alerts, the ones that want an answer first."""
    ranked = sorted(
        found,
        key=lambda a: (_ORDER[a.state], a.acknowledged, a.severity not in {"critical", "page"}),
    )
    firing = sum(a.state == "firing" for a in found)
    return {
        "summary": f"{firing} firing" if firing else "none firing",
        "items": [
            {
                "id": a.id,
                "name": a.name,
                "sign": _alert_sign(a).plain(),
                "state": a.state,
                "since": f"{words.whole(max(0.0, now - a.since))} ago",
                "summary": a.summary,
                "labels": ", ".join(f"{k}={v}" for k, v in sorted(a.labels.items())),
                "service": a.labels.get("service_name", ""),
                "acknowledged": a.acknowledged,
                "open": a.state == "firing" and not a.acknowledged,
            }
            for a in ranked
        ],
    }


def _alert_sign(alert: AlertView) -> words.Sign:
    """Return the severity; red is for what hurts now."""
    sign = words.severity(alert.severity)
    return replace(sign, tone="calm") if alert.state == "resolved" else sign


def entry(item: FeedEntry, start: float | None) -> Block:
    """Return one line of the feed; `at` stays a number, the browser knows the learner's zone."""
    return {
        "seq": item.seq,
        "at": item.at,
        "clock": words.clock(item.at - start) if start is not None else "",
        "kind": item.kind,
        "word": KINDS[item.kind],
        "sender": item.sender,
        "text": item.text,
    }


def act(snapshot: Snapshot) -> Block:
    """Return the forms of the toolkit, grouped by service, with its release and state."""
    services: dict[str, list[Block]] = {}
    for action in snapshot.actions:
        services.setdefault(action.service, []).append(
            {
                "action": action.action,
                "title": action.title.removesuffix(f": {action.service}"),
                "description": action.description,
                "destructive": action.destructive,
                "parameters": [p.model_dump(mode="json") for p in action.parameters],
            }
        )
    notes = {
        c.name: ", ".join(filter(None, (c.release, c.state)))
        for top in snapshot.status.components
        for c in (top, *top.children)
    }
    return {
        "services": [
            {"service": name, "note": notes.get(name, ""), "actions": forms}
            for name, forms in services.items()
        ]
    }


def link(*, connected: bool, reason: str = "") -> Block:
    """Return the state of the line to the orchestrator."""
    if connected:
        return {"connected": True, "text": ""}
    return {"connected": False, "text": "Reconnecting. Your run goes on.", "why": reason}


__all__ = ["Block", "link", "view"]
