"""What a customer asks for, and what the shop promises."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MAX_LINES = 20


class BasketLine(BaseModel):
    """Some pieces of one product."""

    model_config = ConfigDict(frozen=True)

    product_id: int = Field(ge=1)
    quantity: int = Field(default=1, ge=1, le=100)


class Basket(BaseModel):
    """The body of `POST /orders` and `POST /quotes`."""

    model_config = ConfigDict(frozen=True)

    customer_id: int = Field(ge=1)
    items: tuple[BasketLine, ...] = Field(min_length=1, max_length=MAX_LINES)

    @property
    def product_ids(self) -> list[int]:
        """The products, each once, in ascending order."""
        return sorted({line.product_id for line in self.items})


class PlacedLine(BaseModel):
    """One line of an order as it was accepted."""

    product_id: int
    quantity: int
    unit_price_cents: int
    backordered: bool
    substitutes: tuple[int, ...] = ()


class PlacedOrder(BaseModel):
    """The answer of `POST /orders`."""

    order_id: int
    customer_id: int
    status: str
    total_cents: int
    items: tuple[PlacedLine, ...]
