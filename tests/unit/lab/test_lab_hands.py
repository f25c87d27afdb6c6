"""What a lab lets one do by hand: the sandbox, a closer look, a release from a cell."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from obstack_lab.errors import ActionError, UnknownName, WrongPhase
from obstack_lab.lab import Lab, hands, opening
from obstack_lab.lab.hands import Hands
from obstack_lab.magics import register
from obstack_lab.orchestrator.views import (
    ActionResult,
    CodeView,
    FaultView,
    LoadView,
    ProcessView,
    RunView,
    TracedView,
)
from obstack_lab.query import Trace

FAULT = FaultView(
    id="lost-index",
    row=41,
    title="Reading takes longer",
    mechanism="An index is dropped.",
    level="beginner",
    mitigation="make it again",
    params={"index": "orders_placed_at"},
)
RUN = RunView(
    id="r1", scenario="sandbox", title="Sandbox", seed=1, speed=1, phase="baseline",
    created_at=0, now=1,
)  # fmt: skip


class Orchestrator:
    """Answers as a client does, and remembers what it was asked."""

    headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def faults(self) -> tuple[FaultView, ...]:
        gone = {"id": "gone", "injected": True, "params": {}}
        return (FAULT, FAULT.model_copy(update=gone))

    def inject(self, fault: str, **params: Any) -> FaultView:
        self.asked.append(("inject", fault, params))
        return FAULT

    def clear(self, fault: str | None = None) -> tuple[FaultView, ...]:
        self.asked.append(("clear", fault))
        return () if fault else (FAULT,)

    def load(self, **phase: Any) -> LoadView:
        self.asked.append(("load", phase))
        return LoadView(rate=60, pattern="sine", mix={"buy": 1})

    def processes(self, component: str) -> tuple[ProcessView, ...]:
        alive = ProcessView(
            instance="orders-1",
            state="healthy",
            pid=7,
            release="1.4.2",
            settings_version=3,
            memory=35_000_000,
            cpu=0.12,
            threads=8,
            open_files=38,
            connections={"established": 24},
        )
        return (alive, ProcessView(instance="orders-2", state="failed"))

    def code(self, service: str) -> CodeView:
        return CodeView(service=service, release="1.4.2", code="SETTINGS = 1\n")

    def act(self, action: str, **params: Any) -> ActionResult:
        self.asked.append((action, params))
        if "def:" in params["code"]:
            raise ActionError("orders 1.6.9 is not taken: line 2: invalid syntax", action=action)
        return ActionResult(ok=True, action=action, result="orders: 1.4.2 → 1.6.9")

    def request(self, request: str) -> TracedView:
        return TracedView(request=request, status=201, seconds=0.1, trace_id="ab")

    def telemetry_url(self, backend: str) -> str:
        return f"http://127.0.0.1:1/{backend}"


class Held(Hands):
    def __init__(self) -> None:
        self.orchestrator = Orchestrator()

    @property
    def client(self) -> Any:
        return self.orchestrator


@pytest.fixture
def lab() -> Held:
    return Held()


def test_faults_are_shown_with_their_state_and_their_parameters(lab: Held) -> None:
    text = repr(lab.faults())
    assert "lost-index" in text
    assert "index=orders_placed_at" in text
    assert "set in, its cause is gone" in text


def test_a_fault_is_set_in_and_taken_back(lab: Held) -> None:
    assert "An index is dropped." in repr(lab.inject("lost-index", index="x"))
    assert "lost-index" in repr(lab.clear())
    assert "Nothing was set in" in repr(lab.clear("other"))
    assert lab.orchestrator.asked == [
        ("inject", "lost-index", {"index": "x"}),
        ("clear", None),
        ("clear", "other"),
    ]


def test_the_load_is_asked_for_as_a_phase(lab: Held) -> None:
    assert "sine 60/s, buy=1" in repr(lab.load(rate=60, pattern="sine", period="30s"))
    asked = {"rate": 60, "pattern": "sine", "mix": {}, "period": "30s"}
    assert lab.orchestrator.asked == [("load", asked)]


def test_processes_are_shown_as_ps_would(lab: Held) -> None:
    first, second = lab.info("orders").rows
    assert first[:6] == ("orders-1", "healthy", "7", "1.4.2", "v3", "35 MB")
    assert first[-3:] == ("8", "38", "established 24")
    assert second[:3] == ("orders-2", "failed", "–")


class Store:
    """A trace that comes late, grows, and is whole."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)

    def __call__(self, *_: Any) -> Store:
        return self

    def trace(self, trace_id: str) -> Any:
        size = self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]
        if not size:
            raise UnknownName("trace", trace_id)
        return type("Grown", (Trace,), {"walk": lambda _: iter(range(size))})(trace_id, ())

    def close(self) -> None:
        return None


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass without waiting for it."""
    now = iter(range(0, 10_000, 1))
    monkeypatch.setattr(hands.time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(hands.time, "sleep", lambda _: None)


@pytest.mark.usefixtures("passing")
def test_a_request_returns_its_trace_once_it_grows_no_more(
    lab: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obstack_lab.query.Traceql", Store(0, 0, 2, 5, 5))
    found: Any = lab.trace_request("POST /orders")
    assert len(list(found.walk())) == 5


@pytest.mark.usefixtures("passing")
def test_a_trace_that_does_not_come_is_told(lab: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obstack_lab.query.Traceql", Store(0))
    found = lab.trace_request("POST /orders")
    assert not found
    assert "answered with 201" in repr(found)


# the magic


class Opened(Held, Lab):
    """Taken for a lab by the magics."""


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell()
    register(made)
    made.user_ns["lab"] = Opened()
    return made


def test_a_cell_is_a_release(shell: InteractiveShell) -> None:
    done = shell.run_cell_magic("release", "--canary orders 1.6.9", "a = {x}\n$y\n")
    assert "1.4.2 → 1.6.9" in repr(done)
    ((action, params),) = shell.user_ns["lab"].orchestrator.asked
    assert action == "release"
    assert params == {
        "service": "orders",
        "release": "1.6.9",
        "code": "a = {x}\n$y\n",
        "canary": True,
    }


def test_code_that_is_refused_is_shown_with_its_line(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError) as caught:
        shell.run_cell_magic("release", "orders 1.6.9", "a = 1\ndef:\n")
    assert str(caught.value).endswith("line 2: invalid syntax\n   2 | def:")
    with pytest.raises(UsageError, match="required: version"):
        shell.run_cell_magic("release", "orders", "a = 1\n")


def test_the_code_to_begin_from_is_a_text(lab: Held) -> None:
    assert lab.release_template("orders") == "SETTINGS = 1\n"


# opening


def test_without_a_scenario_the_sandbox_is_opened_unless_something_is_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared: list[Any] = []
    lab = type("Attached", (), {"scenario": None, "client": None})()
    monkeypatch.setattr(opening, "attach_lab", lambda **_: lab)
    monkeypatch.setattr(opening, "_prepare", lambda *asked: prepared.append(asked[1]))
    assert opening.open_lab(show=False).scenario == "sandbox"
    lab.scenario = "checkout-stalls"
    assert opening.open_lab(show=False).scenario == "checkout-stalls"
    assert prepared == ["sandbox"]


def test_a_sandbox_is_taken_up_again_and_makes_way_for_nothing() -> None:
    class Client:
        def scenarios(self) -> tuple[()]:
            return ()

        def run(self) -> RunView:
            return RUN

    client: Any = Client()
    assert opening._prepare(client, "sandbox", None, 1) is RUN
    with pytest.raises(UnknownName):
        opening._prepare(client, "checkout-stalls", None, 1)


def test_the_sealed_door_is_told_as_it_is(lab: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    def sealed() -> None:
        raise WrongPhase("the scenario's")

    monkeypatch.setattr(lab.orchestrator, "faults", sealed)
    with pytest.raises(WrongPhase):
        lab.faults()
