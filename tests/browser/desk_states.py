"""Hand-made snapshots: every state that the desk has to look well in."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

from obstack_lab.orchestrator.views import (
    ActionView,
    AlertView,
    ComponentView,
    CriterionView,
    FeedEntry,
    ImpactView,
    ParameterView,
    QuestionView,
    RunView,
    SecondView,
    Snapshot,
    StatusView,
    UserTile,
)
from obstack_lab.panels import overview, view
from obstack_lab.panels.prose import prose
from obstack_lab.settings import resources

NOW = 1_795_000_000.0
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
LONG = "Connections are waited for longer than anybody expected, " * 6


@dataclass
class State:
    """One state of the desk: what the snapshot says, and what else the page holds."""

    phase: str = "incident"
    since: float = 252.0
    good: float = 0.62
    severity: str | None = "sev2"
    verdicts: tuple[str, str] = ("fail", "fail")
    alerts: int = 2
    text: str = ""
    charts: bool = True
    connected: bool = True
    outcome: str | None = None
    users: int = 400
    extra: dict[str, Any] = field(default_factory=dict)


STATES = {
    "not-started": State("baseline", 0, 1.0, None, ("pass", "pass"), 0),
    "incident": State(),
    "mitigated": State("mitigated", 420, 0.995, "sev2", ("pass", "pass"), 1),
    "resolved": State("resolved", 520, 1.0, "sev2", ("pass", "pass"), 1),
    "finished": State("ended", 560, 1.0, "sev2", ("pass", "pass"), 1, outcome="resolved"),
    "gone": State(connected=False),
    "no-data": State(
        "baseline", 0, math.nan, None, ("inconclusive", "inconclusive"), 0, charts=False
    ),
    "long-text": State(text=LONG),
    "markup": State(text=MARKUP),
    "many-alerts": State(alerts=40),
}


SAID = (
    (-252, "change", "deploy", "orders 1.4.2 → 1.5.0"),
    (-247, "message", "Marketing", "The spring newsletter is on its way to everybody."),
    (-217, "message", "Support", "First calls: customers press Buy, then they see an error."),
    (-190, "alert", "CheckoutFailing", "CheckoutFailing: customers cannot place orders."),
    (-180, "hint", "hint", "Begin with the users. Which route fails? Compare `http_route`."),
    (-90, "note", "you", "orders waits for connections"),
    (-40, "action", "you", "set_config orders: db_pool_size 4 → 20"),
)


def snapshot(state: State) -> Snapshot:
    dice = random.Random(7)  # noqa: S311  (a picture, not a secret)
    started = NOW - state.since if state.since else None
    known = not math.isnan(state.good)
    text = state.text or "CheckoutFailing: customers cannot place orders."
    run = RunView(
        id="r1",
        scenario="checkout-stalls",
        title=state.text if state.text == MARKUP else "The checkout is stalling",
        seed=36,
        speed=1,
        phase=state.phase,
        created_at=NOW - 600,
        started_at=started,
        detected_at=started + 60 if started and state.severity else None,
        ended_at=NOW if state.phase == "ended" else None,
        severity=state.severity,
        time_left=1200 - state.since if started else None,
        now=NOW,
        outcome=state.outcome,
    )
    seconds = []
    for age in range(600, 0, -1):
        begun = state.since and age < state.since - 20
        good = state.good if begun else 1.0
        asked = dice.randint(34, 44) if begun else dice.randint(16, 24)
        answered = sum(dice.random() < good for _ in range(asked)) if known else 0
        seconds.append(
            SecondView(
                at=NOW - age,
                requests=asked if known else 0,
                good=answered,
                p95=0.3,
                down=good < 0.99,
            )
        )
    affected = 0 if state.good >= 0.99 or not known else 118
    tiles = tuple(
        UserTile(
            user=f"u{n:04}",
            last="none"
            if not known or n % 29 == 28
            else "good"
            if dice.random() < state.good
            else "lost",
            lost=dice.randint(0, 5),
        )
        for n in range(state.users)
    )
    impact = ImpactView(
        success_ratio=state.good if known else None,
        p95=(2.08 if state.good < 0.9 else 0.341) if known else None,
        rate=39.6 if started else 19.8 if known else 0.4,
        users=state.users,
        users_affected=affected if state.phase == "incident" else 131 if started else 0,
        requests=8204,
        requests_lost=1204 if started else 0,
        downtime=100 if started else 0,
        prometheus_success_ratio=state.good if known else None,
        seconds=tuple(seconds),
        tiles=tiles,
    )
    holds = {"pass": 15, "fail": 0, "inconclusive": 0}
    values = {"pass": (1.0, 0.341), "fail": (state.good, 2.08), "inconclusive": (None, None)}
    criteria = tuple(
        CriterionView(
            id=name,
            title=title,
            verdict=verdict,
            value=values[verdict][index],
            target=target,
            unit=unit,
            held=holds[verdict],
            hold=15,
            reason="too little traffic: 3 of 20 requests" if verdict == "inconclusive" else "",
        )
        for index, (name, title, target, unit, verdict) in enumerate(
            (
                ("s", "Orders that are placed successfully", ">= 0.99", "ratio", state.verdicts[0]),
                (
                    "l",
                    "Time to place an order, 95th percentile",
                    "<= 0.8",
                    "seconds",
                    state.verdicts[1],
                ),
            )
        )
    )
    alerts = tuple(
        AlertView(
            id=f"a{n}",
            name="CheckoutFailing" if n == 0 else f"LatencyHigh{n}",
            severity="page" if n == 0 else "warning",
            state="firing" if state.phase == "incident" else "resolved",
            since=NOW - 190 + n,
            summary=text if n == 0 else "The 95th percentile of orders is above 0.8 s.",
            labels={"service_name": "orders"},
            acknowledged=n == 1,
        )
        for n in range(state.alerts)
    )
    said = [(kind, sender, text, at) for at, kind, sender, text in SAID]
    feed = tuple(
        FeedEntry(seq=n, at=NOW + at, kind=kind, sender=sender, text=state.text or words)
        for n, (kind, sender, words, at) in enumerate(said, 1)
    )
    if not started:
        feed = ()
    return Snapshot(
        status=StatusView(
            lab_id="deadbeef",
            version="0.1.0",
            engine="embedded",
            backends="built-in",
            healthy=True,
            now=NOW,
            components=(
                ComponentView(
                    name="services",
                    kind="parent",
                    state="healthy",
                    children=tuple(
                        ComponentView(name=n, kind="service", state="healthy", release=r)
                        for n, r in (
                            ("gateway", "2.3.1"),
                            ("orders", "1.5.0"),
                            ("inventory", "3.1.0"),
                        )
                    ),
                ),
            ),
            run="r1",
        ),
        run=run,
        impact=impact,
        criteria=criteria,
        alerts=alerts,
        feed=feed[::-1],
        changes=tuple(e for e in feed[::-1] if e.kind == "change"),
        actions=actions(),
        questions=questions(),
    )


def setting(name: str, low: float, high: float, now: float, unit: str = "") -> ParameterView:
    kind = "integer" if isinstance(now, int) else "number"
    return ParameterView(name=name, kind=kind, minimum=low, maximum=high, default=now, unit=unit)


LEVELS = ParameterView(
    name="log_level", kind="choice", choices=("debug", "info", "warning"), default="info"
)
POOL = (
    setting("db_pool_size", 1, 64, 4),
    setting("db_pool_timeout", 0.05, 60, 2.0, "s"),
    setting("db_pool_max_waiting", 0, 10000, 100),
    setting("inventory_timeout", 0.05, 60, 3.0, "s"),
    setting("inventory_max_connections", 1, 1000, 64),
)


def actions() -> tuple[ActionView, ...]:
    found = []
    for service in ("gateway", "orders", "inventory"):
        settings = (LEVELS, *(POOL if service == "orders" else ()))
        for name, title, danger, parameters in (
            ("set_config", "Change settings", "", settings),
            ("rollback", "Roll back", f"replaces {service}: its requests in flight may fail", ()),
            ("restart", "Restart", f"restarts {service}: its requests in flight may fail", ()),
        ):
            found.append(
                ActionView(
                    action=name,
                    service=service,
                    title=f"{title}: {service}",
                    description="Effective at once.",
                    destructive=danger,
                    parameters=parameters,
                )
            )
    return tuple(found)


def questions() -> tuple[QuestionView, ...]:
    return (
        QuestionView(
            facet="component",
            text="Which component has to change so that this does not come back?",
            options={"gateway": "gateway", "orders": "orders", "inventory": "inventory"},
        ),
        QuestionView(
            facet="mechanism",
            text="What made the users wait?",
            options={"slow": "Queries take too long", "kept": "Connections are kept for too long"},
        ),
    )


def charts(state: State) -> dict[str, Any]:
    if not state.charts:
        return overview.view({c.id: {} for c in overview.presets().columns}, [], NOW)
    dice = random.Random(3)  # noqa: S311  (a picture, not a secret)
    answers: dict[str, dict[str, list[tuple[float, float]]]] = {}
    end = math.floor(NOW / 5) * 5
    for column in overview.presets().columns:
        answers[column.id] = {}
        for scale, name in ((1, "gateway"), (0.6, "orders"), (0.3, "inventory")):
            points = []
            for at in range(end - 600, end + 1, 5):
                bad = state.since and at > NOW - state.since + 20 and state.good < 0.99
                value = {
                    "rate": (40 if bad else 20) * scale,
                    "errors": (0.35 * scale if name != "inventory" else 0) if bad else 0,
                    "duration": (2.0 if name != "inventory" else 0.05) if bad else 0.3 * scale,
                }[column.id]
                points.append((float(at), value * dice.uniform(0.9, 1.1)))
            answers[column.id][name] = points
    return overview.view(
        answers, overview.marks(snapshot(state)), NOW, ("gateway", "orders", "inventory")
    )


def blocks(name: str, mode: str = "page") -> dict[str, Any]:
    """Return every block of the desk in a state, as the kernel would send them."""
    state = STATES[name]
    briefing = (resources() / "scenarios/checkout-stalls/briefing.md").read_text("utf-8")
    presets = overview.presets()
    found = view.view(snapshot(state))
    found["link"] = view.link(connected=state.connected, reason="nothing answers")
    found["charts"] = charts(state)
    found["review"] = state.extra.get("review", {})
    found["page"] = {
        "mode": mode,
        "briefing": prose(state.text + "\n\n" + briefing if state.text else briefing),
        "queries": presets.queries,
        "sql": presets.sql,
        "services": [[n, n] for n in ("gateway", "orders", "inventory")],
    }
    return found
