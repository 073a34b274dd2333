"""Prices of plain pairs of quantity and price, as a checkout without promotions asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pricing import quoting
from pricing.basket import STANDARD, Basket, Line, TaxTable
from pricing.quotes import QuotedLine
from pricing.quoting import TotalTooLarge

__all__ = ["Quote", "TotalTooLarge", "quote"]
_ANY_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)  # nothing here depends on it


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs, in major units of `currency`. `total` = `subtotal` + `delivery_total` − `discount_total`;
    `tax_total` is the part of it that is tax, and the sum of the lines' taxes."""

    currency: str
    tax_rate: Decimal
    lines: tuple[QuotedLine, ...]
    subtotal: Decimal
    discount_total: Decimal
    delivery_total: Decimal
    tax_total: Decimal
    total: Decimal


def quote(*, lines: Sequence[tuple[int, Decimal]], tax_rate: Decimal, currency: str) -> Quote:
    """Price `(quantity, unit price including tax)` pairs: `pricing.quoting.quote` of a basket without anything else.

    Raises:
        TotalTooLarge: beyond twelve digits.
    """
    made = quoting.quote(
        Basket(
            currency=currency,
            at=_ANY_MOMENT,
            lines=tuple(
                Line(key=str(place), quantity=quantity, price=price)
                for place, (quantity, price) in enumerate(lines)
            ),
            tax=TaxTable(rates={STANDARD: tax_rate}),
        )
    )
    return Quote(
        currency=currency,
        tax_rate=tax_rate,
        lines=made.lines,
        subtotal=made.subtotal,
        discount_total=made.discount_total,
        delivery_total=made.delivery_total,
        tax_total=made.tax_total,
        total=made.total,
    )
