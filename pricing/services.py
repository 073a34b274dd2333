"""The one place where prices are added up. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.errors import Invalid
from common.money import MAX_AMOUNT, round_half_up, tax_included


class TotalTooLarge(Invalid):
    """The sum exceeds what the shop can account for."""

    code = "total_too_large"
    title = "Total too large"


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line: pieces at a unit price that includes tax, its total and the tax within."""

    quantity: int
    unit_price: Decimal
    total: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs, in major units of `currency`. `total` = `subtotal` + `delivery_total` − `discount_total`;
    `tax_total` is the part of it that is tax, and the sum of the lines' taxes."""

    currency: str
    tax_rate: Decimal
    lines: tuple[PricedLine, ...]
    subtotal: Decimal
    discount_total: Decimal
    delivery_total: Decimal
    tax_total: Decimal
    total: Decimal


def quote(*, lines: Sequence[tuple[int, Decimal]], tax_rate: Decimal, currency: str) -> Quote:
    """Price `(quantity, unit price including tax)` pairs.

    Each line is rounded half up to the currency's minor unit, then summed, so that the lines always add up to the total.

    Raises:
        TotalTooLarge: beyond twelve digits.
    """
    priced = []
    for quantity, unit_price in lines:
        total = round_half_up(quantity * unit_price, currency)
        tax = tax_included(total, rate=tax_rate, currency=currency)
        priced.append(PricedLine(quantity, unit_price, total, tax))
    subtotal = sum((line.total for line in priced), Decimal(0))
    if subtotal > MAX_AMOUNT:
        raise TotalTooLarge("Split this into several orders.")
    return Quote(
        currency=currency,
        tax_rate=tax_rate,
        lines=tuple(priced),
        subtotal=subtotal,
        discount_total=Decimal(0),
        delivery_total=Decimal(0),
        tax_total=sum((line.tax for line in priced), Decimal(0)),
        total=subtotal,
    )
