"""What an order means to the ledger."""

from __future__ import annotations

from datetime import datetime

from common.actors import Actor
from common.money import tax_included
from ledger import chart
from ledger import services as ledger
from ledger.services import Line
from orders.models import Order

SOLD = "order.sold"


def book_sale(*, order: Order, by: Actor, at: datetime | None = None) -> None:
    """Post the sale of an order: its money is the shop's now, and the tax within it the state's. A step; safe to repeat.

    Args:
        at: when it was paid; the transaction's time if not given.
    """
    lines = sale_lines(order)
    if lines:
        ledger.post(
            kind=SOLD,
            key=str(order.public_id),
            lines=lines,
            by=by,
            order=order.public_id,
            occurred_at=at,
        )


def sale_lines(order: Order) -> list[Line]:
    """The postings of a sale; none when everything in it costs nothing.

    Customers' money becomes sales, delivery and tax. Sales are shown before discounts, and both without the tax within:
    what a discount takes off a gross price takes the tax off, too.
    """
    discount = order.discount_total - tax_included(
        order.discount_total, rate=order.tax_rate, currency=order.currency
    )
    sales = order.total - order.tax_total - order.delivery_total + discount
    lines = [
        Line(chart.PREPAID, order.total, order.currency),
        Line(chart.DISCOUNTS, discount, order.currency),
        Line(chart.VAT, -order.tax_total, order.currency),
        Line(chart.DELIVERY, -order.delivery_total, order.currency),
        Line(chart.SALES, -sales, order.currency),
    ]
    return [line for line in lines if line.amount]
