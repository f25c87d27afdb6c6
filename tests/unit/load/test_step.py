from __future__ import annotations

import json
from random import Random

import orjson
import pytest

from obstack_lab.load.step import STEPS, Choice, choose

CHOICE = Choice(customer=12, items=((7, 2), (9, 1)), page=3)
LINES = [{"product_id": 7, "quantity": 2}, {"product_id": 9, "quantity": 1}]
GOOD = {
    "catalogue": {"page": 3, "products": [{"name": "Cup", "price_cents": 250}]},
    "product": {"product_id": 7, "name": "Cup", "price_cents": 250, "available": 0},
    "quote": {"total_cents": 9, "items": [{**line, "demand_p90": 1.5} for line in LINES]},
    "place-order": {"order_id": 55, "customer_id": 12, "total_cents": 9, "items": LINES},
    "read-order": {"order_id": 55, "customer_id": 12, "items": LINES},
    "report": {"date": "yesterday", "categories": [{"category": "Tea", "orders": 4}]},
}


def judge(step: str, body: bytes) -> tuple[bool, str]:
    return STEPS[step].judge(body, CHOICE, "55" if step == "read-order" else "")


@pytest.mark.parametrize("step", STEPS)
def test_the_answer_a_user_asked_for_is_good(step: str) -> None:
    assert judge(step, orjson.dumps(GOOD[step])) == (True, "55" if step == "place-order" else "")


@pytest.mark.parametrize("body", [b"", b"oops", b"{}", b"[]", b"null", b"3", b'{"items": 1}'])
@pytest.mark.parametrize("step", STEPS)
def test_a_body_of_another_shape_is_not(step: str, body: bytes) -> None:
    assert judge(step, body) == (False, "")


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        ("catalogue", {"page": 4}),
        ("catalogue", {"products": []}),
        ("product", {"product_id": 8}),
        ("product", {"price_cents": None}),
        ("quote", {"items": []}),
        ("quote", {"total_cents": 0}),
        ("place-order", {"customer_id": 13}),
        ("place-order", {"order_id": None}),
        ("place-order", {"items": LINES[:1]}),
        ("read-order", {"order_id": 56}),
        ("read-order", {"items": None}),
        ("report", {"date": ""}),
    ],
)
def test_an_answer_to_something_else_is_not(step: str, changes: dict[str, object]) -> None:
    assert judge(step, json.dumps(GOOD[step] | changes).encode()) == (False, "")


def test_requests_carry_the_choice() -> None:
    made = {name: step.build(CHOICE, "55") for name, step in STEPS.items()}
    assert {name: (r.method, r.path) for name, r in made.items()} == {
        "catalogue": ("GET", "/catalogue?page=3"),
        "product": ("GET", "/products/7"),
        "quote": ("POST", "/quotes"),
        "place-order": ("POST", "/orders"),
        "read-order": ("GET", "/orders/55"),
        "report": ("GET", "/reports/daily"),
    }
    body = made["place-order"].body
    assert body is not None
    assert orjson.loads(body) == {"customer_id": 12, "items": LINES}
    assert made["catalogue"].body is None


def test_choices_stay_within_the_data_set() -> None:
    random = Random(1)  # noqa: S311 - a test
    for number in range(1, 3000):
        choice = choose(random, number * 7)
        assert 1 <= choice.customer <= 10_000
        assert 1 <= len(choice.items) <= 3
        assert all(1 <= product <= 5000 and 1 <= many <= 3 for product, many in choice.items)
