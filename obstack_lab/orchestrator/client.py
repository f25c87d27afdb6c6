"""The orchestrator's API as one typed object. Light: notebooks, panels and the CLI use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from obstack_lab.errors import (
    ActionError,
    EngineError,
    LabDown,
    LabError,
    QueryError,
    Timeout,
    UnknownName,
    UsageError,
    WrongPhase,
)
from obstack_lab.orchestrator.events import snapshots
from obstack_lab.orchestrator.views import (
    ActionResult,
    ActionView,
    AlertView,
    CodeView,
    ComponentView,
    ConfigView,
    CriterionView,
    DataView,
    FaultView,
    FeedEntry,
    HintView,
    ImpactView,
    JournalView,
    LoadView,
    LogsView,
    ProcessView,
    RunView,
    ScenarioView,
    Snapshot,
    SqlView,
    StatusView,
    TracedView,
    WriteUp,
)
from obstack_lab.review.journal import Scalar
from obstack_lab.state import LabState

Answer = TypeVar("Answer", bound=BaseModel)
Severity = Literal["sev1", "sev2", "sev3", "no incident"]
Backend = Literal["prometheus", "loki", "tempo"]
CLIENT_HEADER = "X-Obstack-Client"
"""Says who asks, for the journal: `lab`, `explore`, `desk`, `cli`."""
CURRENT = "current"
"""In place of a run's id: the active run, else the latest."""
_PATIENT = 60.0
"""Seconds for what starts, stops or replaces processes."""


class Client:
    """Speaks with one orchestrator; thread-safe, and a context manager.

    Every method raises LabDown when nothing answers, Timeout when it takes too long, and the
    orchestrator's own error (`UnknownName`, `WrongPhase`, `ActionError`, `QueryError`…), whose
    message is the server's `detail`.
    """

    def __init__(
        self,
        state: LabState,
        *,
        name: str = "lab",
        timeout: float = 10,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.state = state
        self.name = name
        self._timeout = timeout
        self._http = httpx.Client(
            base_url=f"{state.url}/v1",
            headers=self.headers,
            timeout=timeout,
            transport=transport,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"Client({self.state.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def headers(self) -> dict[str, str]:
        """Headers that open the door: the token, and who asks."""
        return {"Authorization": f"Bearer {self.state.token}", CLIENT_HEADER: self.name}

    # the lab

    def status(self) -> StatusView:
        """Return the lab as a whole; answers while components still start, too."""
        return self._get("/status", StatusView)

    def scenarios(self) -> tuple[ScenarioView, ...]:
        """Return the library of incidents."""
        return self._list("/scenarios", ScenarioView)

    def scenario(self, scenario: str) -> ScenarioView:
        """Return what a learner may know of one scenario before playing it."""
        return self._get(f"/scenarios/{scenario}", ScenarioView)

    # a run

    def create_run(self, scenario: str, *, seed: int | None = None, speed: float = 1) -> RunView:
        """Prepare the system and start the baseline load; return when users come and are well.

        Raises WrongPhase while another run is active.
        """
        body = {"scenario": scenario, "seed": seed, "speed": speed}
        return self._send("POST", "/runs", RunView, body, timeout=_PATIENT)

    def runs(self) -> tuple[RunView, ...]:
        """Return every run of the records, newest first."""
        return self._list("/runs", RunView)

    def run(self, run: str = CURRENT) -> RunView:
        """Return a run's state; `current` is the active run, else the latest."""
        return self._get(f"/runs/{run}", RunView)

    def start(self, run: str = CURRENT) -> RunView:
        """Let the incident begin; a second call changes nothing."""
        return self._send("POST", f"/runs/{run}/start", RunView)

    def finish(self, run: str = CURRENT) -> RunView:
        """End a run; a second call changes nothing."""
        return self._send("POST", f"/runs/{run}/finish", RunView, timeout=_PATIENT)

    def journal(self, run: str = CURRENT, *, after: int = 0) -> JournalView:
        """Return the journal's entries whose number is above `after`."""
        return self._get(f"/runs/{run}/journal", JournalView, {"after": after})

    def impact(self, run: str = CURRENT) -> ImpactView:
        """Return what users suffered, counted from the ledger."""
        return self._get(f"/runs/{run}/impact", ImpactView)

    def criteria(self, run: str = CURRENT) -> tuple[CriterionView, ...]:
        """Return the verdict of every criterion."""
        return self._list(f"/runs/{run}/criteria", CriterionView)

    def alerts(self, run: str = CURRENT) -> tuple[AlertView, ...]:
        """Return the alerts of a run, those that are over included."""
        return self._list(f"/runs/{run}/alerts", AlertView)

    def acknowledge(self, alert: str, run: str = CURRENT) -> AlertView:
        """Say that the learner has seen an alert."""
        return self._send("POST", f"/runs/{run}/alerts/{alert}/acknowledge", AlertView)

    def changes(self, run: str = CURRENT) -> tuple[FeedEntry, ...]:
        """Return the change log, newest first."""
        return self._list(f"/runs/{run}/changes", FeedEntry)

    def hints(self, run: str = CURRENT) -> tuple[HintView, ...]:
        """Return the hints shown; the last one without text is the price of the next."""
        return self._list(f"/runs/{run}/hints", HintView)

    def next_hint(self, run: str = CURRENT) -> HintView:
        """Buy the next hint."""
        return self._send("POST", f"/runs/{run}/hints/next", HintView)

    def toolkit(self, run: str = CURRENT) -> tuple[ActionView, ...]:
        """Return the actions that the scenario allows, with the form of each."""
        return self._list(f"/runs/{run}/toolkit", ActionView)

    def act(self, action: str, run: str = CURRENT, **params: Scalar) -> ActionResult:
        """Do something as the operator: `act("set_config", service="orders", db_pool_size=20)`."""
        body = {"action": action, "params": params}
        return self._send("POST", f"/runs/{run}/actions", ActionResult, body, timeout=_PATIENT)

    def note(self, text: str, run: str = CURRENT) -> RunView:
        """Write down a hypothesis or an observation."""
        return self._send("POST", f"/runs/{run}/notes", RunView, {"text": text})

    def declare(self, severity: Severity, run: str = CURRENT) -> RunView:
        """Say how bad it is, or that there is no incident."""
        return self._send("POST", f"/runs/{run}/declare", RunView, {"severity": severity})

    def write_up(self, account: WriteUp, run: str = CURRENT) -> RunView:
        """Hand in the account of the cause; the latest counts."""
        return self._send("PUT", f"/runs/{run}/writeup", RunView, account.model_dump())

    def review(self, run: str = CURRENT) -> dict[str, Any]:
        """Return the review as JSON (model `obstack_lab.review.Review`); after the end only."""
        return dict(self._json("GET", f"/runs/{run}/review", timeout=_PATIENT))

    # components

    def components(self, *, resources: bool = False) -> tuple[ComponentView, ...]:
        """Return every component; with memory and CPU time when asked for."""
        return self._list("/components", ComponentView, {"resources": resources})

    def signal(self, component: str, signal: str) -> ComponentView:
        """Send a signal to a component's process."""
        return self._send(
            "POST", f"/components/{component}/signal", ComponentView, {"signal": signal}
        )

    def restart(self, component: str) -> ComponentView:
        """Stop and start a component; return when it is healthy."""
        return self._send(
            "POST", f"/components/{component}/restart", ComponentView, timeout=_PATIENT
        )

    def scale(self, component: str, instances: int) -> ComponentView:
        """Run this many instances of a service."""
        body = {"instances": instances}
        return self._send(
            "POST", f"/components/{component}/scale", ComponentView, body, timeout=_PATIENT
        )

    def config(self, component: str) -> ConfigView:
        """Return a service's operator settings."""
        return self._get(f"/components/{component}/config", ConfigView)

    def set_config(self, component: str, changes: Mapping[str, Scalar]) -> ConfigView:
        """Change operator settings of a service, effective at once."""
        return self._send("PATCH", f"/components/{component}/config", ConfigView, dict(changes))

    def logs(self, component: str, *, lines: int = 200) -> str:
        """Return the last lines of a component's log file."""
        return self._get(f"/components/{component}/logs", LogsView, {"lines": lines}).text

    def processes(self, component: str) -> tuple[ProcessView, ...]:
        """Return the processes of a component, as `ps` would tell of them."""
        return self._list(f"/components/{component}/processes", ProcessView)

    def code(self, service: str) -> CodeView:
        """Return the code of the release that a service runs."""
        return self._get(f"/components/{service}/code", CodeView)

    # the sandbox

    def faults(self) -> tuple[FaultView, ...]:
        """Return every fault that can be set in; raises WrongPhase while an incident is played."""
        return self._list("/sandbox/faults", FaultView)

    def inject(self, fault: str, **params: Scalar) -> FaultView:
        """Set a fault into the sandbox."""
        return self._send("POST", f"/sandbox/faults/{fault}", FaultView, params, timeout=_PATIENT)

    def clear(self, fault: str | None = None) -> tuple[FaultView, ...]:
        """Take a fault back, or all of them; return those that were set in."""
        path = f"/sandbox/faults/{fault}" if fault else "/sandbox/faults"
        rows = self._json("DELETE", path, timeout=_PATIENT)
        return tuple(FaultView.model_validate(row) for row in rows)

    def load(self, **phase: object) -> LoadView:
        """Let other users come to the sandbox: `rate`, `pattern`, `mix`, and what a phase has."""
        return self._send("PUT", "/sandbox/load", LoadView, phase)

    # questions

    def request(self, request: str) -> TracedView:
        """Send one request as a user would; return the id of its trace."""
        return self._send("POST", "/requests", TracedView, {"request": request}, timeout=_PATIENT)

    def sql(self, query: str, *, limit: int = 1000) -> SqlView:
        """Ask the database; read only, at most five seconds."""
        return self._send("POST", "/sql", SqlView, {"query": query, "limit": limit})

    # the shop's data

    def data(self) -> DataView:
        """Return the copies of the data there are."""
        return self._get("/data", DataView)

    def reset_data(self) -> DataView:
        """Make the data what it was when the standard data set had been loaded."""
        return self._send("POST", "/data/reset", DataView, timeout=_PATIENT)

    def snapshot_data(self, name: str) -> DataView:
        """Keep a copy of the data under a name."""
        return self._send("PUT", f"/data/snapshots/{name}", DataView, timeout=_PATIENT)

    def restore_data(self, name: str) -> DataView:
        """Put a copy in the place of the data."""
        path = f"/data/snapshots/{name}/restore"
        return self._send("POST", path, DataView, timeout=_PATIENT)

    def forget_data(self, name: str) -> DataView:
        """Drop a copy; one that is not there changes nothing."""
        return self._send("DELETE", f"/data/snapshots/{name}", DataView, timeout=_PATIENT)

    def load_data(self, source: Path) -> DataView:
        """Put a data set of the lab's machine in the place of the data: all of it or nothing."""
        body = {"source": str(source)}
        return self._send("POST", "/data/load", DataView, body, timeout=_PATIENT)

    def telemetry_url(self, backend: Backend) -> str:
        """Return the base URL of a telemetry API behind the proxy; send `headers` with it."""
        return f"{self.state.url}/v1/telemetry/{backend}"

    def telemetry(
        self,
        backend: Backend,
        path: str,
        params: Mapping[str, str | int | float] | None = None,
        *,
        timeout: float = 30,
    ) -> httpx.Response:
        """Return the native answer of Prometheus, Loki or Tempo; its status may be 4xx."""
        return self._request(
            "GET",
            f"/telemetry/{backend}/{path.lstrip('/')}",
            params=dict(params or {}),
            timeout=timeout,
        )

    def events(self, *, reconnect: bool = True, patience: float = 5) -> Iterator[Snapshot]:
        """Yield a snapshot a second until the orchestrator is gone for good (LabDown).

        With `reconnect`, a broken connection is opened again for `patience` seconds.
        """
        return snapshots(self.state, reconnect=reconnect, patience=patience)

    # the wire

    def _get(
        self, path: str, model: type[Answer], params: Mapping[str, Any] | None = None
    ) -> Answer:
        return model.model_validate(self._json("GET", path, params=params))

    def _list(
        self, path: str, model: type[Answer], params: Mapping[str, Any] | None = None
    ) -> tuple[Answer, ...]:
        rows: TypeAdapter[tuple[Answer, ...]] = TypeAdapter(tuple[model, ...])  # type: ignore[valid-type]  # a generic at run time
        return rows.validate_python(self._json("GET", path, params=params))

    def _send(
        self,
        method: str,
        path: str,
        model: type[Answer],
        body: object = None,
        *,
        timeout: float | None = None,
    ) -> Answer:
        return model.model_validate(self._json(method, path, body=body, timeout=timeout))

    def _json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        timeout: float | None = None,
    ) -> Any:
        response = self._request(method, path, params=params, body=body, timeout=timeout)
        if response.is_error:
            raise error_of(response)
        return response.json()

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        timeout: float | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(
                method,
                path,
                params=params or None,
                json=body,
                timeout=timeout or self._timeout,
            )
        except httpx.TimeoutException as error:
            raise Timeout(
                f"The orchestrator did not answer {method} {path} in time. Look at `./lab status`."
            ) from error
        except httpx.TransportError as error:
            raise LabDown from error


def error_of(response: httpx.Response) -> LabError:
    """Return the error that the orchestrator's answer stands for."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    detail = str(body.get("detail") or f"The orchestrator answered {response.status_code}.")
    data: dict[str, Any] = body.get("data") or {}
    kind = body.get("error", "")
    if kind == "QueryError":
        return QueryError(
            detail,
            language=data.get("language", ""),
            query=data.get("query", ""),
            line=data.get("line", 0),
            column=data.get("column", 0),
        )
    if kind == "ActionError":
        return ActionError(
            detail, action=data.get("action", ""), parameter=data.get("parameter", "")
        )
    if kind == "UnknownName":
        known = tuple(data.get("known", ()))
        return UnknownName(data.get("kind", ""), data.get("name", ""), known, message=detail)
    if kind == "EngineError":
        return EngineError(detail, component=data.get("component", ""))
    return {
        "WrongPhase": WrongPhase(detail),
        "Timeout": Timeout(detail),
        "LabDown": LabDown(detail),
    }.get(kind, UsageError(detail) if response.status_code < 500 else LabError(detail))
