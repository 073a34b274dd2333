"""Recording what was sold elsewhere, before there was this shop: the same orders, lines, rules and ledger as of any sale.

Nothing is reserved, nobody is written to, no gateway is asked, no stock moves: the goods had left before the shop counted.
The money is on the ledger's account `legacy`. Each line is known by invoice, day, SKU, quantity and price, and by being the
n-th of its invoice to say so: recorded again, it is the line that is there, whatever file it comes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from django.db import connection
from django.db.models import Max

from catalog.importing.rows import insert_rows, new_ids
from catalog.past_goods import Found
from common.actors import Actor
from common.ids import readable_code, uuid7
from common.money import round_half_up, tax_included
from common.transactions import require_transaction
from ledger import chart
from ledger import services as ledger
from ledger.services import Draft, Line
from orders.bookkeeping import SOLD
from orders.models import Order, PastSale
from orders.past_invoices import (
    COUNTRIES,
    MOST_LINES,
    Goods,
    Keyed,
    NotASale,
    PastInvoice,
    PastItem,
    Tally,
    check,
    hold_history,
    look_up,
)

__all__ = ["NotASale", "PastInvoice", "PastItem", "record_past_sale", "record_past_sales"]

ZERO = Decimal(0)
_NUMBER_LENGTH = 16


def record_past_sale(*, sale: PastInvoice, by: Actor) -> Order:
    """Write down one past sale: a completed order, paid and delivered. A step; the same again is the order that is there.

    Raises:
        NotASale: it has no lines, or what stands in one cannot be.
    """
    record_past_sales(sales=[sale], by=by)
    found = PastSale.objects.select_related("order").filter(invoice=sale.number)
    return found.latest("part").order


def record_past_sales(
    *, sales: Sequence[PastInvoice], by: Actor, file: int | None = None, goods: Goods | None = None
) -> Tally:
    """Write down many past sales, oldest first, in a number of statements that does not grow with them. A step.

    Of an invoice that is there in part, the rest becomes a further order: what was booked stays as it was booked.

    Args:
        file: id of the PastFile that they stand in. goods: carried from call to call to spare lookups.

    Raises:
        NotASale: one of them has no lines, or what stands in one cannot be; nothing is written.
    """
    require_transaction()
    for sale in sales:
        check(sale)
    hold_history()
    lines = look_up(sales, table="orders_pastline", file=file)
    orders: list[_Order] = []
    for _, of_sale in groupby((one for one in lines if one.is_new), lambda one: id(one.invoice)):
        new = list(of_sale)
        for start in range(0, len(new), MOST_LINES):
            orders.append(_Order(new[start : start + MOST_LINES]))
    if orders:
        _write(orders, by=by, file=file, goods=goods or Goods())
    written = sum(len(order.lines) for order in orders)
    return replace(_tally([one.key for one in lines]), new=written)


# --- how it is written ------------------------------------------------------------------------

_ORDER = {
    "id": "bigint", "public_id": "uuid", "number": "varchar", "token_hash": "varchar", "email": "varchar",
    "phone": "varchar", "status": "varchar", "payment_status": "varchar", "fulfilment_status": "varchar",
    "currency": "varchar", "subtotal": "numeric", "discount_total": "numeric", "delivery_total": "numeric",
    "tax_total": "numeric", "tax_rate": "numeric", "total": "numeric", "prices_include_tax": "boolean",
    "paid_total": "numeric", "source": "varchar", "shipping_address": "jsonb", "delivery": "jsonb",
    "payment_method": "varchar", "expires_at": "timestamptz", "cancel_reason": "varchar", "created_at": "timestamptz",
    "updated_at": "timestamptz",
}  # fmt: skip
_LINE = {
    "id": "bigint", "order_id": "bigint", "position": "smallint", "product_id": "bigint", "variant_id": "bigint",
    "sku": "varchar", "name": "varchar", "quantity": "integer", "unit_price": "numeric", "total": "numeric",
    "tax": "numeric", "tax_rate": "numeric", "shipped": "integer", "exact_unit_price": "numeric", "exact_total": "numeric",
}  # fmt: skip
_PAST_SALE = {
    "order_id": "bigint", "invoice": "varchar", "part": "smallint", "customer": "varchar", "country": "varchar",
}  # fmt: skip
_PAST_LINE = {"order_line_id": "bigint", "file_id": "bigint", "line": "integer", "key": "uuid"}
_EVENT = {
    "order_id": "bigint", "from_status": "varchar", "status": "varchar", "actor": "varchar", "user_id": "bigint",
    "note": "varchar", "created_at": "timestamptz",
}  # fmt: skip


class _Order:
    """An order to be, of some lines of an invoice."""

    def __init__(self, lines: Sequence[Keyed]) -> None:
        self.sale = sale = lines[0].invoice
        self.lines = [(line.item, line.key) for line in lines]
        self.id, self.part, self.number, self.public_id = 0, 1, "", uuid7()
        currency, rate = sale.currency, sale.tax_rate
        self.totals = [round_half_up(item.exact, currency) for item, _ in self.lines]
        self.taxes = [tax_included(total, rate=rate, currency=currency) for total in self.totals]
        self.total, self.tax = sum(self.totals, ZERO), sum(self.taxes, ZERO)


def _tally(keys: Sequence[UUID]) -> Tally:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(line.exact_total), 0), coalesce(sum(line.total), 0)"
            "  FROM orders_pastline past JOIN orders_orderline line ON line.id = past.order_line_id"
            " WHERE past.key = ANY (%s)",
            [list(keys)],
        )
        lines, exact, rounded = cursor.fetchone()
    return Tally(lines=lines, exact=exact, rounded=rounded)


def _number(orders: Sequence[_Order]) -> None:
    """Which part of its invoice each order is, and a number that says so if it can be had."""
    parts = dict(
        PastSale.objects.filter(invoice__in={order.sale.number for order in orders})
        .values_list("invoice")
        .annotate(Max("part"))
    )
    for order in orders:
        order.part = parts[order.sale.number] = parts.get(order.sale.number, 0) + 1
        suffix = f"-{order.part}" if order.part > 1 else ""
        order.number = f"H-{order.sale.number}{suffix}"
    wanted = Counter(order.number for order in orders)
    taken = set(Order.objects.filter(number__in=wanted).values_list("number", flat=True))
    for order in orders:
        number = order.number
        if number in taken or wanted[number] > 1 or len(number) > _NUMBER_LENGTH:
            order.number = f"H-{readable_code(12)}"


def _write(orders: Sequence[_Order], *, by: Actor, file: int | None, goods: Goods) -> None:
    _number(orders)
    for order, pk in zip(orders, new_ids("orders_order", len(orders)), strict=True):
        order.id = pk
    found = goods.of(
        (item for order in orders for item, _ in order.lines),
        currency=orders[0].sale.currency,
        by=by,
    )
    insert_rows("orders_order", _ORDER, [_order_row(order) for order in orders])
    insert_rows(
        "orders_pastsale",
        _PAST_SALE,
        [
            {
                "order_id": order.id,
                "invoice": order.sale.number,
                "part": order.part,
                "customer": order.sale.customer,
                "country": order.sale.country,
            }
            for order in orders
        ],
    )
    lines, past = [], []
    ids = iter(new_ids("orders_orderline", sum(len(order.lines) for order in orders)))
    for order in orders:
        for position, (item, key) in enumerate(order.lines):
            pk = next(ids)
            lines.append(_line_row(order, position, item, pk, found[item.sku]))
            past.append({"order_line_id": pk, "file_id": file, "line": item.line, "key": key})
    insert_rows("orders_orderline", _LINE, lines)
    insert_rows("orders_pastline", _PAST_LINE, past)
    insert_rows(
        "orders_orderevent",
        _EVENT,
        [
            {
                "order_id": order.id,
                "from_status": "",
                "status": "completed",
                "actor": str(by)[:80],
                "user_id": by.user_id,
                "note": f"sold elsewhere: invoice {order.sale.number}",
                "created_at": order.sale.at,
            }
            for order in orders
        ],
    )
    ledger.post_many([_entry(order, by) for order in orders if order.total])


def _entry(order: _Order, by: Actor) -> Draft:
    currency = order.sale.currency
    return Draft(
        kind=SOLD,
        key=str(order.public_id),
        lines=(
            Line(chart.LEGACY, order.total, currency),
            Line(chart.VAT, -order.tax, currency),
            Line(chart.SALES, order.tax - order.total, currency),
        ),
        by=by,
        note=f"sold elsewhere: invoice {order.sale.number}",
        order=order.public_id,
        occurred_at=order.sale.at,
    )


def _order_row(order: _Order) -> dict[str, object]:
    sale = order.sale
    country = COUNTRIES.get(sale.country.casefold(), "")
    return {
        "id": order.id, "public_id": order.public_id, "number": order.number, "token_hash": "", "email": "", "phone": "",
        "status": "completed", "payment_status": "paid", "fulfilment_status": "fulfilled", "currency": sale.currency,
        "subtotal": order.total, "discount_total": ZERO, "delivery_total": ZERO, "tax_total": order.tax,
        "tax_rate": sale.tax_rate, "total": order.total, "prices_include_tax": True, "paid_total": order.total,
        "source": "history", "shipping_address": {"country": country} if country else {}, "delivery": {},
        "payment_method": "", "expires_at": sale.at, "cancel_reason": "", "created_at": sale.at, "updated_at": "now",
    }  # fmt: skip


def _line_row(
    order: _Order, position: int, item: PastItem, pk: int, good: Found
) -> dict[str, object]:
    return {
        "id": pk, "order_id": order.id, "position": position, "product_id": good.product_id,
        "variant_id": good.variant_id, "sku": item.sku, "name": item.name or good.name, "quantity": item.quantity,
        "unit_price": round_half_up(item.unit_price, order.sale.currency), "total": order.totals[position],
        "tax": order.taxes[position], "tax_rate": order.sale.tax_rate, "shipped": item.quantity,
        "exact_unit_price": item.unit_price, "exact_total": item.exact,
    }  # fmt: skip
