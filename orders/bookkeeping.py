"""What an order means to the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from common.actors import Actor
from common.money import tax_included
from ledger import chart
from ledger import services as ledger
from ledger.services import Line
from orders.models import Order, OrderLine

SOLD = "order.sold"


def book_sale(*, order: Order, by: Actor, at: datetime | None = None) -> None:
    """Post the sale of an order: its money is the shop's now, and the tax within it the state's. A step; safe to repeat.

    Args:
        at: when it was paid; the transaction's time if not given.
    """
    lines = sale_lines(order, order.lines.all())
    if lines:
        ledger.post(
            kind=SOLD,
            key=str(order.public_id),
            lines=lines,
            by=by,
            order=order.public_id,
            occurred_at=at,
        )


def sale_lines(order: Order, sold: Iterable[OrderLine]) -> list[Line]:
    """The postings of a sale; none when everything in it costs nothing.

    Customers' money becomes sales, delivery and tax. Sales are shown before discounts, and all three without tax, whether
    prices include it or not: what a discount takes off a gross price takes the tax off, too.
    """
    included = order.prices_include_tax
    full = goods = Decimal(0)
    for line in sold:
        rate = order.tax_rate if line.tax_rate is None else line.tax_rate
        within = tax_included(line.total, rate=rate, currency=order.currency) if included else 0
        full += line.total - within
        goods += line.total - line.discount - (line.tax if included else 0)
    if not included:
        delivery = order.delivery_total
    else:
        delivery = order.delivery_total - order.delivery_tax
    lines = [
        Line(chart.PREPAID, order.total, order.currency),
        Line(chart.DISCOUNTS, full - goods, order.currency),
        Line(chart.VAT, -order.tax_total, order.currency),
        Line(chart.DELIVERY, -delivery, order.currency),
        Line(chart.SALES, -full, order.currency),
    ]
    return [line for line in lines if line.amount]
