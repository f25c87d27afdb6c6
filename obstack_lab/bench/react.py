"""How soon a lab shows that a service is gone: users, criteria, alerts."""

from __future__ import annotations

import time
from collections.abc import Callable

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import WELL_WITHIN, Stage, await_snapshot, stage, users
from obstack_lab.certify.play import well
from obstack_lab.errors import Timeout
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.scenario.library import library

VICTIM = "inventory"
_LIMIT = 40.0
_TITLES = {
    "react_red": "inventory killed, to red on the users' panel",
    "react_fail": "inventory killed, to a criterion that fails",
    "react_alert": "inventory killed, to an alert that fires",
    "react_well": "inventory started again, to the first second in which all is well",
}


def measure(setting: Setting) -> Measured:
    """Kill inventory some times and start it again."""
    objective = library().get("checkout-stalls").scenario.objective.success_ratio
    signs: dict[str, Callable[[Snapshot], bool]] = {
        "react_red": lambda snapshot: _is_red(snapshot, objective),
        "react_fail": lambda snapshot: any(c.verdict == "fail" for c in snapshot.criteria),
        "react_alert": lambda snapshot: any(a.state == "firing" for a in snapshot.alerts),
    }
    samples: dict[str, list[float]] = {name: [] for name in _TITLES}
    with stage(setting) as on, users(on, setting):
        for turn in range(setting.many(3, 1)):
            setting.tell(f"killing {VICTIM}, {turn + 1}")
            for name, seconds in _kill(on, signs).items():
                samples[name].append(seconds)
            samples["react_well"].append(_restart(on))
            await_snapshot(on.client, _calm, WELL_WITHIN, "users and alerts to calm down")
    figures: dict[str, Figure] = {
        name: figure(title, samples[name], "s", of="worst", budget=BUDGETS.get(name))
        for name, title in _TITLES.items()
    }
    return Measured(figures)


def _kill(on: Stage, signs: dict[str, Callable[[Snapshot], bool]]) -> dict[str, float]:
    """Return the seconds to each sign; the clock starts before the signal is sent."""
    seconds: dict[str, float] = {}
    events = on.client.events()
    next(events)
    began = time.monotonic()
    on.client.signal(VICTIM, "KILL")
    for snapshot in events:
        since = time.monotonic() - began
        for name, holds in signs.items():
            if name not in seconds and holds(snapshot):
                seconds[name] = since
        if len(seconds) == len(signs):
            return seconds
        if since > _LIMIT:
            break
    missing = ", ".join(name for name in signs if name not in seconds)
    raise Timeout(f"Not within {_LIMIT:.0f} s after {VICTIM} was killed: {missing}.")


def _restart(on: Stage) -> float:
    """Return the seconds from the call to a snapshot with a second that all users liked."""
    called, began = time.time(), time.monotonic()
    on.client.restart(VICTIM)

    def shown(snapshot: Snapshot) -> bool:
        seconds = snapshot.impact.seconds if snapshot.impact else ()
        return any(s.at >= called and s.requests and s.good == s.requests for s in seconds)

    return await_snapshot(on.client, shown, _LIMIT, "a second in which all is well") - began


def _is_red(snapshot: Snapshot, objective: float) -> bool:
    ratio = snapshot.impact.success_ratio if snapshot.impact else None
    return ratio is not None and ratio < objective


def _calm(snapshot: Snapshot) -> bool:
    return well(snapshot) and not any(alert.state == "firing" for alert in snapshot.alerts)
