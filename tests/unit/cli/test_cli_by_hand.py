"""`fix` and `sandbox` in the terminal: what is asked of the orchestrator, and what is told."""

from __future__ import annotations

import json
from typing import Any, Self

import pytest

from obstack_lab.cli import fix, sandbox
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.views import (
    ActionResult,
    ActionView,
    FaultView,
    LoadView,
    ParameterView,
    RunView,
)

FAULT = FaultView(
    id="lost-index", row=41, title="Slow", mechanism="x", level="beginner", mitigation="y"
)
RUN = RunView(
    id="r1", scenario="sandbox", title="Sandbox", seed=1, speed=1, phase="baseline",
    created_at=0, now=1,
)  # fmt: skip


class Orchestrator:
    """A client that answers and remembers."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.played: RunView | None = None

    def __call__(self, *_: Any, **__: Any) -> Orchestrator:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def toolkit(self) -> tuple[ActionView, ...]:
        size = ParameterView(name="instances", kind="integer")
        return (
            ActionView(
                action="scale", service="orders", title="t", description="More.", parameters=(size,)
            ),
        )

    def act(self, action: str, _run: str, **params: Any) -> ActionResult:
        self.asked.append((action, params))
        ok = action != "restart"
        return ActionResult(ok=ok, action=action, result="orders: 1 → 2", before="1", after="2")

    def run(self) -> RunView:
        if self.played is None:
            raise UnknownName("run", "current")
        return self.played

    def create_run(self, scenario: str) -> RunView:
        self.asked.append(("create", scenario))
        return RUN

    def inject(self, fault: str, **params: Any) -> FaultView:
        self.asked.append((fault, params))
        return FAULT

    def clear(self, fault: str | None) -> tuple[FaultView, ...]:
        return () if fault else (FAULT,)

    def load(self, **phase: Any) -> LoadView:
        self.asked.append(phase)
        return LoadView(rate=phase["rate"], pattern=phase["pattern"], mix=phase["mix"])


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Orchestrator:
    orchestrator = Orchestrator()
    for room in (fix, sandbox):
        monkeypatch.setattr(room, "Client", orchestrator)
        monkeypatch.setattr(room, "attached", lambda: None)
    monkeypatch.setattr(sandbox, "bring_up", lambda *_, **__: None)
    return orchestrator


def test_an_action_takes_numbers_booleans_and_text(lab: Any, there: Orchestrator) -> None:
    done = lab("fix", "scale", "service=orders", "instances=2", "rolling=true", "release=1.4.2")
    assert (done.code, done.out.split(" ")[0]) == (0, "orders:")
    params = {"service": "orders", "instances": 2, "rolling": True, "release": "1.4.2"}
    assert there.asked == [("scale", params)]


def test_an_action_that_failed_is_an_exit_code(lab: Any, there: Orchestrator) -> None:
    assert lab("fix", "restart", "service=orders").code == 1
    wrong = lab("fix", "restart", "orders")
    assert (wrong.code, "KEY=VALUE" in wrong.err) == (2, True)


def test_without_an_action_the_toolkit_is_listed(lab: Any, there: Orchestrator) -> None:
    assert "instances" in lab("fix").out
    assert json.loads(lab("fix", "--json").out)[0]["action"] == "scale"


def test_the_sandbox_is_opened_once(lab: Any, there: Orchestrator) -> None:
    assert "inject FAULT" in lab("sandbox").out
    there.played = RUN
    assert json.loads(lab("sandbox", "--json").out)["id"] == "r1"
    assert there.asked == [("create", "sandbox")]
    there.played = RUN.model_copy(update={"phase": "ended"})
    lab("sandbox")
    assert len(there.asked) == 2
    there.played = RUN.model_copy(update={"scenario": "checkout-stalls"})
    refused = lab("sandbox")
    assert (refused.code, "./lab finish" in refused.err) == (2, True)


def test_the_sandbox_is_broken_and_mended_by_hand(lab: Any, there: Orchestrator) -> None:
    assert "is set in" in lab("sandbox", "inject", "lost-index", "table=orders").out
    assert "lost-index" in lab("sandbox", "clear").out
    assert "Nothing" in lab("sandbox", "clear", "other").out
    told = lab("sandbox", "load", "--rate", "60", "--mix", "buy=3").out
    assert "60/s, buy=3" in told
    assert there.asked[0] == ("lost-index", {"table": "orders"})
    assert there.asked[1]["mix"] == {"buy": 3}
