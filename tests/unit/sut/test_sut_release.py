"""Releases are code behind version numbers, and nothing in them tells which one is which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sut
from sut.environment import Environment
from sut.errors import CannotStart, UnknownRelease
from sut.query import Query, load_queries
from sut.release import DELIVERED_VARIABLE, RELEASES, find_release, need_release
from sut.settings import Settings

ROOT = Path(sut.__file__).parent


@pytest.mark.parametrize("service", RELEASES)
def test_every_service_can_be_rolled_back(service: str) -> None:
    assert len(RELEASES[service]) >= 2
    for release in RELEASES[service]:
        assert issubclass(find_release(service, release).SETTINGS, Settings)


@pytest.mark.parametrize(("service", "release"), [("orders", "1.9.9"), ("shipping", "1.0.0")])
def test_an_unknown_release_names_the_known_ones(service: str, release: str) -> None:
    with pytest.raises(UnknownRelease) as caught:
        find_release(service, release)
    assert caught.value.known
    assert all(known in str(caught.value) for known in caught.value.known)


def test_no_code_of_the_shop_gives_the_game_away() -> None:
    words = (r"\bfault", r"\bchaos", r"\bsleep\(", "(bad|broken|slow) release", r"\bsabotage")
    for path in ROOT.rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not [word for word in words if re.search(word, text)], path


def test_a_missing_address_is_named() -> None:
    environment = Environment.read({}, service="orders", release="1.4.2", port=1)
    with pytest.raises(CannotStart, match="INVENTORY_URL"):
        environment.require("INVENTORY_URL", environment.inventory_url)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("-- Why.\nSELECT a\nFROM products\nWHERE b", "SELECT products"),
        ("INSERT INTO orders (a) SELECT 1 FROM customers", "INSERT orders"),
        ("UPDATE stock SET a = 1", "UPDATE stock"),
        ("-- collection: stock\nWITH x AS (SELECT 1 FROM y) SELECT 2 FROM x", "SELECT stock"),
    ],
)
def test_a_statement_is_named_by_verb_and_table(text: str, summary: str) -> None:
    query = Query.parse("name", text)
    assert query.summary == summary
    assert "--" not in query.text


@pytest.mark.parametrize("package", ["sut.orders", "sut.inventory"])
def test_every_statement_has_a_name_for_its_span(package: str) -> None:
    for query in load_queries(package).values():
        assert query.operation in {"SELECT", "INSERT", "UPDATE"}, query.name
        assert query.collection, query.name


def test_a_release_can_be_delivered_while_the_system_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DELIVERED_VARIABLE, str(tmp_path))
    with pytest.raises(UnknownRelease):
        find_release("orders", "1.9.9")
    source = ROOT / "releases" / "orders_1_4_2.py"
    (tmp_path / "orders_1_9_9.py").write_text(source.read_text("utf-8") + "\nMARK = 7\n", "utf-8")
    assert need_release("orders", "1.9.9") == tmp_path / "orders_1_9_9.py"
    assert find_release("orders", "1.9.9").MARK == 7
    assert need_release("orders", "1.4.2") is None
