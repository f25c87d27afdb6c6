"""The page takes only scenarios that exist; cards and error cards escape what they show."""

from __future__ import annotations

import pytest

from obstack_lab.errors import LabError, UsageError
from obstack_lab.orchestrator.views import ScenarioView
from obstack_lab.panels import page
from obstack_lab.panels.cards import Shelf

MARKUP = "<script>alert(1)</script>"


def test_the_address_may_name_a_scenario_or_none() -> None:
    assert page.chosen("scenario=checkout-stalls&token=x") == "checkout-stalls"
    assert page.chosen("") is None


@pytest.mark.parametrize("name", ["nope", "../etc", MARKUP])
def test_an_unknown_scenario_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(UsageError, match="checkout-stalls"):
        page.chosen(f"scenario={name}")


def test_the_page_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list = []
    monkeypatch.setenv(page.QUERY_VARIABLE, f"scenario={MARKUP}")
    monkeypatch.setattr(page, "display", shown.append)
    page.incident_page()
    assert "<script>" not in shown[0].data
    assert "&lt;script&gt;" in shown[0].data


def test_an_error_card_says_the_next_step() -> None:
    assert "reload this page" in page._card(LabError("No lab."))


def test_a_card_escapes_and_names_the_state() -> None:
    scenario = ScenarioView(
        id="a",
        title=MARKUP,
        difficulty="beginner",
        minutes=20,
        skills=("reading",),
        services=(),
        briefing="",
        toolkit=(),
        certified=True,
        state="mitigated",
    )
    html = Shelf([scenario])._repr_html_()
    assert MARKUP not in html
    assert "◆ mitigated" in html
    assert "mitigated" in repr(Shelf([scenario]))
