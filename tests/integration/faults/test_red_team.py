"""Every fault is set in for real, and everything a learner can read is searched for its name.

One fault of each driver in an ordinary run of the tests; all of them with OBSTACK_RED_TEAM=all.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psycopg
import pytest

from obstack_lab.engine.interface import Component, Engine
from obstack_lab.orchestrator.faults.catalogue import Fault, catalogue
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.settings import LAB_ID_VARIABLE, LabHome
from obstack_lab.verify.stage import OwnLab

pytestmark = pytest.mark.integration

SEED = 7
SEEN_SECONDS = 20
STATEMENTS = (
    "select application_name, query, usename from pg_stat_activity",
    "select query from pg_stat_statements",
    "select relname from pg_class where relnamespace = 'public'::regnamespace",
)
WORDS = ("toxic", "toxiproxy", "faultplane", "injection", "orchestrator.faults", "chaos")
"""Words that only who breaks a system uses."""


def kinds() -> list[Fault]:
    """Return the first fault of each driver, those of one stack beside each other."""
    faults = sorted(catalogue().faults, key=lambda fault: (fault.services, fault.row))
    if os.environ.get("OBSTACK_RED_TEAM") == "all":
        return faults
    found: dict[str, Fault] = {}
    for fault in faults:
        found.setdefault(fault.inject[0].driver, fault)
    return list(found.values())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    home = LabHome(tmp_path_factory.mktemp("red") / "lab")
    lab = OwnLab(home, catalogue().standard)
    yield lab
    lab.close()


def processes(lab_id: str) -> Iterator[tuple[str, str]]:
    """Yield what /proc tells of the lab's processes: arguments, environment, open files."""
    mark = f"{LAB_ID_VARIABLE}={lab_id}"
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().decode("utf-8", "replace")
            if mark not in environment.split("\0"):
                continue
            arguments = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            files = " ".join(str(each.readlink()) for each in (folder / "fd").iterdir())
        except OSError:
            continue
        yield f"process {arguments!r}", f"{environment} {arguments} {files}"


def told(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield what components, the database and the telemetry stores tell."""
    yield "components", repr(engine.components())
    yield "tree", repr(engine.tree())
    with httpx.Client(timeout=20) as http:
        for component in flat(engine.components()):
            yield f"log of {component.name}", engine.logs(component.name, 2000)
            if component.kind == "service" and component.state == "healthy":
                for path in ("/config", "/config/schema", "/metrics"):
                    yield f"{component.name}{path}", text(http, component.address + path)
        prometheus, telemetry = engine.address("prometheus"), engine.address("telemetry")
        for path, params in (
            ("/api/v1/series", {"match[]": '{__name__=~".+"}'}),
            ("/api/v1/targets", {}),
            ("/api/v1/metadata", {}),
            ("/api/v1/rules", {}),
        ):
            yield path, text(http, prometheus + path, params)
        lines = {"query": '{service_name=~".+"}', "limit": "5000"}
        traces = {"q": "{} | select(span.name, resource.service.name)", "limit": "300"}
        for path, params in (
            ("/loki/api/v1/query_range", lines),
            ("/loki/api/v1/labels", {}),
            ("/api/search", traces),
            ("/api/v2/search/tags", {}),
        ):
            yield path, text(http, telemetry + path, params)
    try:
        with psycopg.connect(
            engine.dsn("lab"), autocommit=True, connect_timeout=5, application_name="reader"
        ) as reader:
            for statement in STATEMENTS:
                yield statement, repr(reader.execute(statement.encode()).fetchall())
    except psycopg.OperationalError as error:  # a fault may have broken just that
        yield "the database", str(error)


def text(http: httpx.Client, url: str, params: Mapping[str, str] | None = None) -> str:
    """Return what is told at an address; a fault may have broken who tells it."""
    try:
        return http.get(url, params=params).text
    except httpx.TransportError as error:
        return str(error)


def flat(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from flat(component.children)


def leaks(lab: OwnLab, lab_id: str, words: tuple[str, ...]) -> list[str]:
    return [
        f"{word!r} in {where}"
        for where, text in (*processes(lab_id), *told(lab.engine))
        for word in words
        if word in text.lower()
    ]


def id_of(lab: OwnLab) -> str:
    environment = lab.engine.environment("gateway")
    return environment[LAB_ID_VARIABLE]


def sealed(fault: Fault, injections: list[Injection]) -> tuple[str, ...]:
    """Return every word that must stay inside."""
    does = {str(part.params.get("does", "")) for part in fault.inject}
    return (
        *WORDS,
        *(injection.canary for injection in injections),
        *(type(DRIVERS[part.driver]).__name__.lower() for part in fault.inject),
        *(json.dumps(part.params).lower() for part in fault.inject if part.params),
        *(word for word in (fault.id, *does) if "-" in word),
    )


def set_in(
    lab: OwnLab, fault: Fault, drivers: Mapping[str, FaultDriver] = DRIVERS
) -> list[Injection]:
    made = []
    for part in fault.inject:
        wanted = Injection(
            id=f"{fault.id}-red",
            driver=part.driver,
            params=part.params,
            canary=secrets.token_hex(8),
        )
        injection, _ = drivers[part.driver].inject(lab.engine, wanted, time.time())
        made.append(injection)
    return made


def take_back(lab: OwnLab, injections: list[Injection]) -> None:
    for injection in reversed(injections):
        DRIVERS[injection.driver].clear(lab.engine, injection)


@pytest.mark.parametrize("fault", kinds(), ids=lambda fault: fault.id)
def test_nothing_a_learner_can_read_names_the_fault(lab: OwnLab, fault: Fault) -> None:
    lab.prepare(fault, SEED)
    injections = set_in(lab, fault)
    try:
        assert leaks(lab, id_of(lab), sealed(fault, injections)) == []
    finally:
        take_back(lab, injections)


def test_a_leak_planted_on_purpose_is_caught(lab: OwnLab) -> None:
    fault = catalogue().faults[0]
    lab.prepare(fault, SEED)
    canary = secrets.token_hex(8)
    assert leaks(lab, id_of(lab), (canary,)) == []
    lab.engine.run_job("nightly-report", "http.server", ["0", "--directory", f"/tmp/{canary}"])  # noqa: S108 only a name
    with psycopg.connect(lab.engine.dsn("shop"), application_name=canary):
        deadline = time.monotonic() + SEEN_SECONDS
        while len(found := leaks(lab, id_of(lab), (canary,))) < 2:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
    lab.engine.end_job("nightly-report")
    assert any("process" in each for each in found)
    assert any("pg_stat_activity" in each for each in found)
