"""Snapshots of a desk with everything on it: ten minutes into an incident with 400 users."""

from __future__ import annotations

from random import Random

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

NOW = 1_795_000_000.0
_USERS = 400
_SECONDS = 600
_FEED = 100
_CHANGES = 20
_SERVICES = ("gateway", "orders", "inventory")
_TEXT = "Orders that wait for a connection longer than two seconds are given up: 62.4 % go well."


def snapshot(turn: int) -> Snapshot:
    """Return the snapshot of one second; the next one differs as a real one does."""
    now = NOW + turn
    return Snapshot(
        status=_status(now),
        run=RunView(
            id="r1",
            scenario="checkout-stalls",
            title="The checkout is stalling",
            seed=36,
            speed=1,
            phase="incident",
            created_at=NOW - 700,
            started_at=NOW - _SECONDS,
            detected_at=NOW - 500,
            severity="sev2",
            time_left=600 - turn,
            now=now,
        ),
        impact=_impact(now, Random(turn)),  # noqa: S311 - a picture, no secret
        criteria=tuple(
            CriterionView(
                id=f"c{number}",
                title=_TEXT[:40],
                verdict="fail",
                value=0.62 + turn / 1000,
                target=">= 0.99",
                unit="ratio",
                held=0,
                hold=15,
            )
            for number in range(3)
        ),
        alerts=tuple(
            AlertView(
                id=f"a{number}",
                name="CheckoutFailing",
                severity="page",
                state="firing",
                since=NOW - 190 + number,
                summary=_TEXT,
                labels={"service_name": "orders"},
                acknowledged=number == 1,
            )
            for number in range(6)
        ),
        feed=tuple(_entry(_FEED - number, "message") for number in range(_FEED)),
        changes=tuple(_entry(_CHANGES - number, "change") for number in range(_CHANGES)),
        actions=tuple(_actions()),
        questions=tuple(
            QuestionView(facet=facet, text=_TEXT, options={f"o{n}": _TEXT for n in range(5)})
            for facet in ("component", "mechanism", "trigger")
        ),
    )


def _status(now: float) -> StatusView:
    services = tuple(_component(name, "service") for name in _SERVICES)
    others = ("postgres", "prometheus", "telemetry", "edge", "load")
    return StatusView(
        lab_id="00000000",
        version="0",
        engine="embedded",
        backends="built-in",
        healthy=True,
        now=now,
        components=(
            *(_component(name, name) for name in others),
            _component("services", "parent").model_copy(update={"children": services}),
        ),
        run="r1",
    )


def _component(name: str, kind: str) -> ComponentView:
    return ComponentView(name=name, kind=kind, state="healthy", pid=1, since=NOW - 900)


def _impact(now: float, dice: Random) -> ImpactView:
    seconds = []
    for age in range(_SECONDS, 0, -1):
        asked = dice.randint(34, 44)
        seconds.append(
            SecondView(
                at=now - age,
                requests=asked,
                good=dice.randint(asked // 2, asked),
                p95=0.3 + dice.random(),
                down=True,
            )
        )
    return ImpactView(
        success_ratio=dice.random(),
        p95=2.08,
        rate=39.6,
        users=_USERS,
        users_affected=118,
        requests=8204,
        requests_lost=1204,
        downtime=100 + now - NOW,
        prometheus_success_ratio=0.62,
        seconds=tuple(seconds),
        tiles=tuple(
            UserTile(
                user=f"u{number:04}",
                last=dice.choice(("good", "lost")),
                lost=dice.randint(0, 9),
            )
            for number in range(1, _USERS + 1)
        ),
    )


def _entry(seq: int, kind: str) -> FeedEntry:
    return FeedEntry.model_validate(
        {"seq": seq, "at": NOW - _SECONDS + seq, "kind": kind, "sender": "Support", "text": _TEXT}
    )


def _actions() -> list[ActionView]:
    setting = ParameterView(
        name="db_pool_size", kind="integer", minimum=1, maximum=64, default=4, description=_TEXT
    )
    return [
        ActionView(
            action=action,
            service=service,
            title=f"{action}: {service}",
            description=_TEXT,
            parameters=(setting,) * (8 if action == "set_config" else 0),
        )
        for service in _SERVICES
        for action in ("set_config", "rollback", "restart")
    ]


def series(now: float) -> dict[str, object]:
    """Return what Prometheus answers to a question of the overview."""
    dice = Random(1)  # noqa: S311 - a picture, no secret
    return {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [
                {
                    "metric": {"service_name": service},
                    "values": [[now - 900 + 5 * n, f"{dice.random():.6f}"] for n in range(181)],
                }
                for service in _SERVICES
            ],
        },
    }
