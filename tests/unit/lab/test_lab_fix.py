"""`lab.fix` completes from the toolkit, checks names, and says what became of it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.lab.fix import Fix
from obstack_lab.orchestrator.views import ActionResult, ActionView, ParameterView

SIZE = ParameterView(
    name="db_pool_size", kind="integer", minimum=1, maximum=64, default=4, description="how many"
)


class Toolkit:
    """A client that knows two actions and remembers what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []

    def toolkit(self) -> tuple[ActionView, ...]:
        return tuple(
            ActionView(
                action=action,
                service=service,
                title=action,
                description="Does it.",
                parameters=(SIZE,) if action == "set_config" else (),
            )
            for service in ("gateway", "orders")
            for action in ("set_config", "rollback")
        )

    def act(self, action: str, _run: str, **params: Any) -> ActionResult:
        self.done.append({"action": action, **params})
        return ActionResult(
            ok=True, action=action, result="orders: 1.5.0 → 1.4.2", before="1.5.0", after="1.4.2"
        )


@pytest.fixture
def toolkit() -> Toolkit:
    return Toolkit()


@pytest.fixture
def fix(toolkit: Toolkit) -> Fix:
    return Fix(lambda: toolkit)


def test_tab_completes_the_toolkit(fix: Fix) -> None:
    assert dir(fix) == ["rollback", "set_config"]
    assert list(inspect.signature(fix.set_config).parameters) == ["service", "db_pool_size"]
    assert "1 to 64" in fix.set_config.__doc__


def test_an_action_is_asked_for_with_its_service_and_its_parameters(
    fix: Fix, toolkit: Toolkit
) -> None:
    result = fix.set_config("orders", db_pool_size=20)
    assert toolkit.done == [{"action": "set_config", "service": "orders", "db_pool_size": 20}]
    assert result
    assert repr(result) == "✔ set_config: orders: 1.5.0 → 1.4.2 (0\N{NARROW NO-BREAK SPACE}s)"


def test_an_unknown_action_names_the_toolkit(fix: Fix) -> None:
    with pytest.raises(UnknownName, match="rollback, set_config"):
        _ = fix.reboot


def test_an_unknown_service_or_parameter_names_the_known_ones(fix: Fix, toolkit: Toolkit) -> None:
    with pytest.raises(UnknownName, match="gateway, orders"):
        fix.rollback("nowhere")
    with pytest.raises(UnknownName, match="gateway, orders"):
        fix.rollback()
    with pytest.raises(ActionError, match="db_pool_size"):
        fix.set_config("orders", pool=20)
    assert toolkit.done == []


def test_looking_at_it_shows_calls_and_what_they_do(fix: Fix) -> None:
    assert 'lab.fix.set_config("orders", db_pool_size=4)' in repr(fix)
    assert 'lab.fix.rollback("orders")' in repr(fix)
    assert "&quot;orders&quot;" in fix._repr_html_()


def test_probing_for_private_names_asks_nobody() -> None:
    def nobody() -> Any:
        raise AssertionError("asked the orchestrator")

    assert not hasattr(Fix(nobody), "_ipython_canary_method")
