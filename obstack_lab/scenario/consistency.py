"""What must fit together inside a scenario: names that refer to names, times that must agree.

The checks read the document's nodes, not the typed model, so that they also speak when something
else is wrong; what has the wrong type is left to the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from obstack_lab.scenario.document import Mistake, Node
from obstack_lab.scenario.model import Scalar, parse_duration
from obstack_lab.scenario.sentence import listed, nearest


@dataclass(frozen=True)
class Known:
    """Names that exist outside the scenario; None where the caller does not know them."""

    services: frozenset[str] | None = None
    requests: frozenset[str] | None = None
    """what journeys are made of"""
    actions: frozenset[str] | None = None
    drivers: frozenset[str] | None = None
    alerts: frozenset[str] | None = None
    alone: frozenset[str] = frozenset()
    """actions that can be done to one component only, which then need not be named"""
    releases: Mapping[str, frozenset[str]] | None = None
    """of each service"""
    setting: Callable[[str, str, Scalar], str] | None = None
    """says why a service refuses a setting's value, nothing where it takes it"""
    injection: Callable[[str, Mapping[str, Scalar]], tuple[str, ...]] | None = None
    """says what a driver finds wrong with parameters"""


NOTHING_KNOWN = Known()


def mistakes(root: Node, folder: str, known: Known = NOTHING_KNOWN) -> list[Mistake]:
    """Return everything in the document that does not fit together."""
    found = [mistake for check in _CHECKS for mistake in check(root)]
    outside = (_outside, _outside_releases, _outside_parameters)
    return [
        *found,
        *_id(root, folder),
        *(mistake for check in outside for mistake in check(root, known)),
    ]


def leaks(root: Node, prose: str) -> list[str]:
    """Return the fault's parameters that stand in a text the learner reads."""
    return [value for value in _parameters(root) if value in prose]


def _id(root: Node, folder: str) -> Iterator[Mistake]:
    name = root["id"]
    if name.text and name.text != folder:
        yield name.mistake(f"expected '{folder}', the folder's name, found '{name.text}'")


def _names_a_symptom(root: Node) -> Iterator[Mistake]:
    causes = (files("obstack_lab.scenario") / "cause_words.txt").read_text("utf-8").split()
    for node in (root["id"], root["title"]):
        words = re.findall(r"[a-z]+", node.text.lower())
        if told := [word for word in words if word in causes]:
            yield node.mistake(
                f"expected what users notice, found words that name a cause: {', '.join(told)}"
            )


def _tells_nothing(root: Node) -> Iterator[Mistake]:
    texts = [root["title"], *(event["message"]["text"] for event in root["timeline"])]
    for node in texts:
        for value in leaks(root, node.text):
            yield node.mistake(
                f"'{value}' is a parameter of the fault; the learner must not read it"
            )


def _unique(root: Node) -> Iterator[Mistake]:
    injections = (event["inject"]["id"] for event in root["timeline"])
    groups: tuple[tuple[str, Iterable[Node]], ...] = (
        ("criterion", (item["id"] for item in root["criteria"])),
        ("journey", (item["id"] for item in root["load"]["journeys"])),
        ("injection", injections),
        ("piece of evidence", (item["id"] for item in root["evidence"])),
        ("question's facet", (item["facet"] for item in root["questions"])),
        ("service", root["services"]),
        ("action", root["toolkit"]),
        ("alert", root["alerts"]),
    )
    for kind, nodes in groups:
        first: dict[str, int] = {}
        for node in nodes:
            if node.text and first.setdefault(node.text, node.line) != node.line:
                line = first[node.text]
                yield node.mistake(
                    f"this {kind} stands twice: '{node.text}' is also on line {line}"
                )


def _releases(root: Node) -> Iterator[Mistake]:
    services = {node.text for node in root["services"] if node.text}
    releases = root["releases"]
    if not (services and releases.exists):
        return
    if lacking := sorted(services - set(releases.names())):
        yield releases.mistake(f"no release for {listed(lacking)}; every service needs one")
    for name in releases.names():
        if name not in services:
            message = f"'{name}' is not among the services{nearest(name, services)}"
            yield releases[name].mistake(message, line=releases.key_line(name))


def _company(root: Node) -> Iterator[Mistake]:
    """Instances are of services; what is supervised is one of them or always there."""
    services = {node.text for node in root["services"] if node.text}
    for key, known in (("instances", services), ("supervision", services | _ALWAYS_THERE)):
        for name in root[key].names() if services else ():
            if name not in known:
                among = "services" if key == "instances" else "components"
                message = f"'{name}' is not among the {among}{nearest(name, known)}"
                yield root[key][name].mistake(message, line=root[key].key_line(name))


_ALWAYS_THERE = {"postgres", "telemetry", "prometheus", "edge", "services", "load"}


def _phases(root: Node) -> Iterator[Mistake]:
    phases = list(root["load"]["phases"])
    for phase in phases[:-1]:
        if not _seconds(phase["lasts"]):
            yield phase["lasts"].mistake("only the last phase goes on for ever; say how long")
    if phases and _seconds(phases[-1]["lasts"]):
        yield phases[-1]["lasts"].mistake("the last phase goes on for ever: expected 0s, or no key")
    for phase in (*phases, *(event["load"] for event in root["timeline"])):
        pattern = phase["pattern"].text
        if pattern == "replay" and not phase["rates"].value:
            yield phase["rates"].mistake(
                "a replay needs 'rates': requests per second, second by second"
            )
        if pattern != "replay" and phase["rates"].value:
            yield phase["rates"].mistake("'rates' belong to the pattern replay")
        timed = _seconds(phase["lasts"]) or phase["period"].exists
        if pattern in {"ramp", "spike"} and not timed:
            yield phase.mistake(
                f"a {pattern} needs to know how long it takes: 'lasts', in the last phase 'period'"
            )


def _timeline(root: Node) -> Iterator[Mistake]:
    injected: list[str] = []
    before = 0.0
    for event in root["timeline"]:
        at = _seconds(event["at"])
        if at is not None:
            if at < before:
                yield event["at"].mistake(
                    "expected events in the order of 'at'; this one is earlier"
                )
            before = max(at, before)
        if isinstance(event.value, dict) and not set(event.names()) & _HAPPENINGS:
            yield event.mistake(f"nothing happens here; expected {listed(sorted(_HAPPENINGS))}")
        if name := event["inject"]["id"].text:
            injected.append(name)
        if (clear := event["clear"]).text and clear.text not in injected:
            yield clear.mistake(
                f"no injection '{clear.text}' before this event{nearest(clear.text, injected)}"
            )


_HAPPENINGS = {"inject", "clear", "load", "message"}


def _times(root: Node) -> Iterator[Mistake]:
    minutes = root["minutes"].value
    end = minutes * 60 if isinstance(minutes, int) else None
    moments = [event["at"] for event in root["timeline"]]
    moments += [hint["trigger_after"] for hint in root["hints"]]
    for node in moments:
        at = _seconds(node)
        if end and at is not None and at > end:
            yield node.mistake(f"this is after the run's end, which is {minutes} minutes")
    gate = _seconds(root["certify"]["gate"])
    for _, steps in _ways(root):
        for step in steps:
            at = _seconds(step["at"])
            if gate and at is not None and at >= gate:
                yield step["at"].mistake(f"this is not before certify.gate, which is {gate:g} s")
    for criterion in root["criteria"]:
        hold = _seconds(criterion["hold"])
        if gate and hold is not None and hold >= gate:
            yield criterion["hold"].mistake(f"expected less than certify.gate, which is {gate:g} s")


def _hints(root: Node) -> Iterator[Mistake]:
    for hint in root["hints"]:
        if not isinstance(hint.value, dict):
            continue
        triggers = [key for key in ("trigger_after", "when", "cost") if hint[key].value]
        if hint["trigger_after"].exists and "trigger_after" not in triggers:
            triggers.append("trigger_after")
        if not triggers:
            yield hint.mistake("a hint needs one of trigger_after, when or cost")
        elif len(triggers) > 1:
            yield hint.mistake(f"a hint needs exactly one trigger, found {' and '.join(triggers)}")


def _ways(root: Node) -> list[tuple[str, Node]]:
    solutions = root["solutions"]
    ways = [solutions["reference"], *solutions["alternatives"], *root["cheats"]]
    return [(str(way.path[-1]), way["steps"]) for way in ways]


def _steps(root: Node) -> Iterator[Mistake]:
    toolkit = {node.text for node in root["toolkit"] if node.text}
    services = {node.text for node in root["services"] if node.text}
    for _, steps in _ways(root):
        for step in steps:
            action, service = step["action"], step["params"]["service"]
            if toolkit and action.text and action.text not in toolkit:
                yield action.mistake(
                    f"'{action.text}' is not in the toolkit{nearest(action.text, toolkit)}"
                )
            if services and service.text and service.text not in services:
                yield service.mistake(
                    f"'{service.text}' is not among the services{nearest(service.text, services)}"
                )


def _injected(root: Node) -> Iterator[Mistake]:
    services = {node.text for node in root["services"] if node.text}
    for event in root["timeline"]:
        service = event["inject"]["params"]["service"]
        if services and service.text and service.text not in services:
            yield service.mistake(
                f"'{service.text}' is not among the services{nearest(service.text, services)}"
            )


def _answers(root: Node) -> Iterator[Mistake]:
    for question in root["questions"]:
        options = question["options"].names()
        for answer in question["answer"]:
            if options and answer.text and answer.text not in options:
                yield answer.mistake(
                    f"'{answer.text}' is not among the options: {', '.join(options)}"
                )


def _outside(root: Node, known: Known) -> Iterator[Mistake]:
    places: tuple[tuple[str, frozenset[str] | None, Iterable[Node]], ...] = (
        ("service", known.services, root["services"]),
        ("action", known.actions, root["toolkit"]),
        ("alert rule", known.alerts, root["alerts"]),
        ("driver", known.drivers, (event["inject"]["driver"] for event in root["timeline"])),
        (
            "request",
            known.requests,
            (step for journey in root["load"]["journeys"] for step in journey["steps"]),
        ),
    )
    for kind, names, nodes in places:
        for node in nodes:
            if names is not None and node.text and node.text not in names:
                advice = nearest(node.text, names) or f"; known: {', '.join(sorted(names))}"
                yield node.mistake(f"there is no {kind} '{node.text}'{advice}")


def _outside_releases(root: Node, known: Known) -> Iterator[Mistake]:
    if known.releases is None:
        return
    named = [(service, root["releases"][service]) for service in root["releases"].names()]
    everywhere = (
        *(event["inject"]["params"] for event in root["timeline"]),
        *(step["params"] for _, steps in _ways(root) for step in steps),
    )
    named += [(params["service"].text, params["release"]) for params in everywhere]
    for service, release in named:
        found = known.releases.get(service)
        if found is not None and release.text and release.text not in found:
            yield release.mistake(
                f"{service} has no release '{release.text}'; known: {', '.join(sorted(found))}"
            )


def _outside_parameters(root: Node, known: Known) -> Iterator[Mistake]:
    for inject in (event["inject"] for event in root["timeline"]):
        params = inject["params"]
        if known.injection is not None and isinstance(params.value, dict):
            for problem in known.injection(inject["driver"].text, params.value):
                yield params.mistake(f"the driver '{inject['driver'].text}' {problem}")
        if inject["driver"].text == "config":
            yield from _settings(params, known)
    for step in (step for _, steps in _ways(root) for step in steps):
        params = step["params"]
        service = params["service"]
        needed = known.actions is not None and step["action"].text not in known.alone
        if isinstance(step.value, dict) and needed and not service.exists:
            place = params if params.exists else step
            yield place.mistake("an action needs to know its service: `params: {service: …}`")
        if step["action"].text == "set_config":
            yield from _settings(params, known)


def _settings(params: Node, known: Known) -> Iterator[Mistake]:
    """Say which of a service's settings would be refused."""
    service = params["service"].text
    if known.setting is None or not service:
        return
    for name in params.names():
        if name != "service" and (why := known.setting(service, name, params.value[name])):
            yield params[name].mistake(why, line=params.key_line(name))


def _parameters(root: Node) -> list[str]:
    services = {node.text for node in root["services"]}
    return [
        node.text
        for event in root["timeline"]
        for node in event["inject"]["params"]
        if node.text and node.text not in services
    ]


def _seconds(node: Node) -> float | None:
    try:
        return parse_duration(node.value)
    except ValueError:
        return None


_CHECKS: tuple[Callable[[Node], Iterator[Mistake]], ...] = (
    _names_a_symptom,
    _tells_nothing,
    _unique,
    _releases,
    _company,
    _phases,
    _timeline,
    _times,
    _hints,
    _injected,
    _steps,
    _answers,
)
