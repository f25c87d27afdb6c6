"""The requests users make: what each sends, and when its answer is a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import orjson

PRODUCTS = 5000
CUSTOMERS = 10_000
"""Products and customers have the numbers 1 to these in the data set; low ones are popular."""
_MOST_ITEMS = 3
_PAGES = 5


@dataclass(frozen=True)
class Choice:
    """What a user picked for a step: drawn when it is intended, never from an answer."""

    customer: int
    """The user's customer number."""
    items: tuple[tuple[int, int], ...]
    """Products and how many of each."""
    page: int
    search: str = ""
    """What is searched for in the catalogue; nothing where it is read page by page."""

    @property
    def product(self) -> int:
        """The first product picked."""
        return self.items[0][0]


@dataclass(frozen=True)
class Request:
    """What goes over the wire."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True)
class Step:
    """One kind of request; `needs` names the earlier step whose result it cannot do without."""

    name: str
    method: str
    route: str
    status: int
    request: Callable[[Choice, str], str | tuple[str, bytes]]
    check: Callable[[Any, Choice, str], bool]
    needs: str = ""
    gives: str = ""
    """Field of the answer that later steps need."""

    def build(self, choice: Choice, needed: str) -> Request:
        """Return the request for a choice and the result of the step it needs."""
        made = self.request(choice, needed)
        if isinstance(made, str):
            return Request(self.method, made)
        return Request(self.method, made[0], made[1])

    def judge(self, body: bytes, choice: Choice, needed: str) -> tuple[bool, str]:
        """Return whether the body is what the user asked for, and what later steps need of it."""
        try:
            answer = orjson.loads(body)
            if not self.check(answer, choice, needed):
                return False, ""
            return True, str(answer[self.gives]) if self.gives else ""
        except (orjson.JSONDecodeError, KeyError, TypeError, IndexError, AttributeError):
            return False, ""


def choose(random: Random, user: int) -> Choice:
    """Draw what the user of this number picks; alike for every step, so that none shifts others."""
    count = random.randint(1, _MOST_ITEMS)
    items = {1 + int(PRODUCTS * random.random() ** 2): random.randint(1, 3) for _ in range(count)}
    return Choice(1 + (user - 1) % CUSTOMERS, tuple(items.items()), random.randint(1, _PAGES))


def _catalogue(choice: Choice, _needed: str) -> str:
    searched = f"&q={quote(choice.search, safe='')}" if choice.search else ""
    return f"/catalogue?page={choice.page}{searched}"


def _basket(choice: Choice) -> bytes:
    items = [{"product_id": product, "quantity": many} for product, many in choice.items]
    return orjson.dumps({"customer_id": choice.customer, "items": items})


def _is_catalogue(answer: Any, choice: Choice, _needed: str) -> bool:
    products = answer["products"]
    return bool(
        answer["page"] == choice.page
        and products
        and all(product["name"] and product["price_cents"] > 0 for product in products)
    )


def _is_product(answer: Any, choice: Choice, _needed: str) -> bool:
    return bool(
        answer["product_id"] == choice.product
        and answer["price_cents"] > 0
        and answer["available"] >= 0
    )


def _holds_basket(answer: Any, choice: Choice) -> bool:
    lines = tuple((line["product_id"], line["quantity"]) for line in answer["items"])
    return lines == choice.items and answer["total_cents"] > 0


def _is_quote(answer: Any, choice: Choice, _needed: str) -> bool:
    return _holds_basket(answer, choice) and all(
        line["demand_p90"] >= 0 for line in answer["items"]
    )


def _is_new_order(answer: Any, choice: Choice, _needed: str) -> bool:
    return (
        _holds_basket(answer, choice)
        and answer["order_id"] > 0
        and answer["customer_id"] == choice.customer
    )


def _is_order(answer: Any, choice: Choice, needed: str) -> bool:
    return bool(
        str(answer["order_id"]) == needed
        and answer["customer_id"] == choice.customer
        and answer["items"]
    )


def _is_report(answer: Any, _choice: Choice, _needed: str) -> bool:
    return bool(answer["date"]) and all(
        row["category"] and row["orders"] > 0 for row in answer["categories"]
    )


_ALL = (
    Step(
        "catalogue",
        "GET",
        "/catalogue",
        200,
        _catalogue,
        _is_catalogue,
    ),
    Step(
        "product",
        "GET",
        "/products/{product_id}",
        200,
        lambda choice, _: f"/products/{choice.product}",
        _is_product,
    ),
    Step(
        "quote", "POST", "/quotes", 200, lambda choice, _: ("/quotes", _basket(choice)), _is_quote
    ),
    Step(
        "place-order",
        "POST",
        "/orders",
        201,
        lambda choice, _: ("/orders", _basket(choice)),
        _is_new_order,
        gives="order_id",
    ),
    Step(
        "read-order",
        "GET",
        "/orders/{order_id}",
        200,
        lambda _, needed: f"/orders/{needed}",
        _is_order,
        needs="place-order",
    ),
    Step("report", "GET", "/reports/daily", 200, lambda *_: "/reports/daily", _is_report),
)
STEPS = {step.name: step for step in _ALL}
"""Every request a journey may name."""
