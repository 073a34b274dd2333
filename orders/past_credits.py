"""Recording what was credited elsewhere, before there was this shop: against the sale that it belongs to, or on its own.

A credited piece belongs to the latest sale, not after the credit, to the same customer, of the same SKU at the same price in
the same currency, of which pieces are left. A credit of more pieces than one sale has goes on with the one before; what no
sale has stays on its own. So does whatever has no customer: nobody can say whose it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from catalog.importing.rows import insert_rows
from common.actors import Actor
from common.ids import uuid7
from common.money import round_half_up, tax_included
from ledger import chart
from ledger import services as ledger
from ledger.services import Draft, Line
from orders.models import Order
from orders.past_invoices import PastInvoice, PastItem, Tally, check, hold_history, look_up

CREDITED = "past.credited"
ZERO = Decimal(0)
_CREDIT = {
    "public_id": "uuid", "sold_line_id": "bigint", "invoice": "varchar", "customer": "varchar", "country": "varchar",
    "sku": "varchar", "name": "varchar", "quantity": "integer", "exact_unit_price": "numeric", "exact_amount": "numeric",
    "amount": "numeric", "tax": "numeric", "currency": "varchar", "credited_at": "timestamptz", "file_id": "bigint",
    "line": "integer", "key": "uuid", "piece": "smallint",
}  # fmt: skip
# The lines of past sales that pieces of these customers, SKUs, prices and currencies may have come from; latest first.
_SOLD = """
  FROM (SELECT DISTINCT * FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::text[])
            wanted (customer, sku, price, currency)) wanted
  JOIN orders_pastsale past ON past.customer = wanted.customer AND past.customer <> ''
  JOIN orders_order o ON o.id = past.order_id AND o.currency = wanted.currency
  JOIN orders_orderline line ON line.order_id = o.id AND line.sku = wanted.sku AND line.exact_unit_price = wanted.price
 WHERE line.returned < line.shipped
"""
_Key = tuple[str, str, Decimal, str]


@dataclass(slots=True)
class _Sold:
    """A line of a past sale, and how many of its pieces were not credited yet."""

    line: int
    order: UUID
    at: datetime
    left: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a credited line: so many pieces of one sale, or of none."""

    credit: PastInvoice
    item: PastItem
    key: UUID
    number: int
    quantity: int
    amount: Decimal
    sold: _Sold | None
    public_id: UUID

    @property
    def tax(self) -> Decimal:
        return tax_included(self.amount, rate=self.credit.tax_rate, currency=self.credit.currency)


def record_past_credits(
    *, credits: Sequence[PastInvoice], by: Actor, file: int | None = None
) -> Tally:
    """Write down what was credited, oldest first; the sales are there already. A step; the same again is what is there.

    Pieces of a sale count as returned on its line; none goes back on a shelf. Quantities and prices are above zero, as on a
    credit note; the tally has their values below zero.

    Args:
        file: id of the PastFile that they stand in.

    Raises:
        orders.past_sales.NotASale: one of them has no lines, or what stands in one cannot be; nothing is written.
    """
    for credit in credits:
        check(credit)
    hold_history()
    lines = look_up(credits, table="orders_pastcredit", file=file)
    new = [(one.invoice, one.item, one.key) for one in lines if one.is_new]
    if new:
        sold = _sold_to({_key(credit, item) for credit, item, _ in new})
        pieces = [
            piece
            for credit, item, key in new
            for piece in _pieces(credit, item, key, sold.get(_key(credit, item), []))
        ]
        _write(pieces, by=by, file=file)
        _return([entry for entries in sold.values() for entry in entries if entry.taken])
    return replace(_tally([one.key for one in lines]), new=len(new))


def _key(credit: PastInvoice, item: PastItem) -> _Key:
    return credit.customer, item.sku, item.unit_price, credit.currency


def _sold_to(wanted: set[_Key]) -> dict[_Key, list[_Sold]]:
    """Which lines can be credited, their orders locked in the order of their ids."""
    known = [key for key in wanted if key[0]]
    columns = [list(column) for column in zip(*known, strict=True)] or [[], [], [], []]
    found: dict[_Key, list[_Sold]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT o.id {_SOLD}", columns)
        ids = [pk for (pk,) in cursor.fetchall()]
        orders = Order.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
        list(orders.values_list("pk"))
        cursor.execute(
            "SELECT wanted.customer, wanted.sku, wanted.price, wanted.currency, line.id, o.public_id, o.created_at,"
            f"      line.shipped - line.returned {_SOLD} ORDER BY o.created_at DESC, line.id DESC",
            columns,
        )
        for *key, line, order, at, left in cursor.fetchall():
            found[key[0], key[1], key[2], key[3]].append(_Sold(line, order, at, left))
    return found


def _pieces(
    credit: PastInvoice, item: PastItem, key: UUID, sold: Sequence[_Sold]
) -> Iterator[_Piece]:
    """The line, split by the sales that it takes back. Rounded amounts of the parts sum to that of the whole."""
    shares: list[tuple[int, _Sold | None]] = []
    rest = item.quantity
    for entry in sold:
        if rest and entry.left and entry.at <= credit.at:
            pieces = min(rest, entry.left)
            entry.left -= pieces
            entry.taken += pieces
            rest -= pieces
            shares.append((pieces, entry))
    if rest:
        shares.append((rest, None))
    so_far, booked = 0, ZERO
    for number, (pieces, source) in enumerate(shares, 1):
        so_far += pieces
        rounded = round_half_up(so_far * item.unit_price, credit.currency)
        yield _Piece(credit, item, key, number, pieces, rounded - booked, source, uuid7())
        booked = rounded


def _write(pieces: Sequence[_Piece], *, by: Actor, file: int | None) -> None:
    insert_rows(
        "orders_pastcredit",
        _CREDIT,
        [
            {
                "public_id": piece.public_id,
                "sold_line_id": piece.sold.line if piece.sold else None,
                "invoice": piece.credit.number,
                "customer": piece.credit.customer,
                "country": piece.credit.country,
                "sku": piece.item.sku,
                "name": piece.item.name or piece.item.sku,
                "quantity": piece.quantity,
                "exact_unit_price": piece.item.unit_price,
                "exact_amount": piece.quantity * piece.item.unit_price,
                "amount": piece.amount,
                "tax": piece.tax,
                "currency": piece.credit.currency,
                "credited_at": piece.credit.at,
                "file_id": file,
                "line": piece.item.line,
                "key": piece.key,
                "piece": piece.number,
            }
            for piece in pieces
        ],
    )
    ledger.post_many([_entry(piece, by) for piece in pieces if piece.amount])


def _entry(piece: _Piece, by: Actor) -> Draft:
    currency = piece.credit.currency
    return Draft(
        kind=CREDITED,
        key=str(piece.public_id),
        lines=(
            Line(chart.RETURNS, piece.amount - piece.tax, currency),
            Line(chart.VAT, piece.tax, currency),
            Line(chart.LEGACY, -piece.amount, currency),
        ),
        by=by,
        note=f"credited elsewhere: {piece.credit.number}",
        order=piece.sold.order if piece.sold else None,
        occurred_at=piece.credit.at,
    )


def _return(sold: Sequence[_Sold]) -> None:
    if sold:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_orderline SET returned = returned + given.pieces"
                "  FROM unnest(%s::bigint[], %s::integer[]) given (id, pieces) WHERE orders_orderline.id = given.id",
                [[entry.line for entry in sold], [entry.taken for entry in sold]],
            )


def _tally(keys: Sequence[UUID]) -> Tally:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT key), -coalesce(sum(exact_amount), 0), -coalesce(sum(amount), 0)"
            "  FROM orders_pastcredit WHERE key = ANY (%s)",
            [list(keys)],
        )
        lines, exact, rounded = cursor.fetchone()
    return Tally(lines=lines, exact=exact, rounded=rounded)
