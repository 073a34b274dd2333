"""Returned goods arrive: back on the shelf or written off, and what is owed for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from common.actors import Actor
from common.errors import invalid_field
from common.money import format_amount, has_minor_units_of, round_half_up
from fulfilment import letters
from fulfilment.models import ReturnLine, ReturnRequest, ReturnState
from fulfilment.packing import takes
from fulfilment.refusals import NotReturnable
from fulfilment.returning import hold_return
from inventory.changing import take_back
from inventory.writing_off import write_off_returned
from orders.documents.issuing import CreditLine, issue_credit_note
from orders.goods import count_returned
from orders.models import Order, OrderLine
from orders.refunds import owe

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of one line, and what becomes of it.

    Args:
        amount: owed for it, in the order's currency and as its prices are, with tax or without; None: its whole share of
            the line. Less, where goods are worn; never more.
    """

    restocked: int = 0
    written_off: int = 0
    amount: Decimal | None = None

    @property
    def pieces(self) -> int:
        return self.restocked + self.written_off


def receive(
    *,
    return_id: int,
    lines: Mapping[int, Arrived],
    by: Actor,
    location: str = "",
    delivery_refund: Decimal = ZERO,
    note: str = "",
) -> ReturnRequest:
    """approved → received: good pieces are on the shelf again, the customer is owed their share and has a credit note.

    Args:
        lines: by id of the order's line; what is not named did not come, and is no longer awaited.
        location: code of the stock location the good pieces are put to; empty: the default one.
        delivery_refund: how much of the delivery fee goes back too, as the order's prices are. None unless staff say so.

    Raises:
        WrongReturnState: it is not approved.
        NotReturnable: more came than was asked for.
        orders.refunds.TooMuchRefunded: more would go back than was paid; give an `amount` that is less.
        common.errors.Invalid: no such line or location, an amount above the line's share or the delivery fee.
    """
    with transaction.atomic():
        order, asked = hold_return(return_id)
        delivery_tax = _delivery(order, asked, delivery_refund)
        asked.move_to(
            ReturnState.RECEIVED, by=by, note=note, received_at=timezone.now(), location=location,
            delivery_refund=delivery_refund,
        )  # fmt: skip
        came = _count(order, asked, lines)
        count_returned(order=order, pieces={row.line_id: row.received for row in came}, by=by)
        tax = sum((row.tax for row in came), delivery_tax)
        amount = sum((row.amount for row in came), delivery_refund)
        if not order.prices_include_tax:
            amount += delivery_tax
        asked.amount = amount
        asked.save(update_fields=["amount"])
        key = f"return:{asked.public_id}"
        reason = f"returned: {asked.get_reason_display()}"
        if amount:
            owe(order=order, amount=amount, tax=tax, key=key, reason=reason, by=by)
        take_back(
            quantities=_items(came, "restocked"), holder=asked.public_id, by=by, location=location
        )
        write_off_returned(
            quantities=_items(came, "written_off"), holder=asked.written_off_id, by=by,
            note=f"returned of order {order.number}, not fit for the shelf",
        )  # fmt: skip
        owed = f"{format_amount(amount, order.currency)} {order.currency}" if amount else ""
        letters.tell_received(order, asked, owed=owed)
        if amount:
            issue_credit_note(
                order=order, key=key, reason=reason, delivery=delivery_refund,
                lines=[CreditLine(row.line.position, row.received, _part(row, order)) for row in came],
            )  # fmt: skip
    return asked


def charged_for(line: OrderLine) -> Decimal:
    """What a line cost after discounts, as its prices are: with tax or without."""
    charged: Decimal = line.total - line.discount
    return charged


def _count(order: Order, asked: ReturnRequest, lines: Mapping[int, Arrived]) -> list[ReturnLine]:
    """Write down what came; the rows of which something did, in the order of their lines."""
    rows = {row.line_id: row for row in asked.lines.select_related("line__variant")}
    for place, (line_id, arrived) in enumerate(lines.items()):
        if line_id not in rows:
            raise invalid_field(
                f"lines.{place}.line_id", "does_not_exist", "The return has no such line."
            )
        if arrived.restocked < 0 or arrived.written_off < 0 or not arrived.pieces:
            raise invalid_field(
                f"lines.{place}", "nothing_arrived", "Say how many pieces are restocked or written off."
            )  # fmt: skip
    short = {
        f"lines.{place}": rows[line_id].quantity
        for place, (line_id, arrived) in enumerate(lines.items())
        if arrived.pieces > rows[line_id].quantity
    }
    if short:
        raise NotReturnable(short)
    if not lines:
        raise invalid_field("lines", "empty", "Name what came; if nothing did, close the return.")
    earlier = _earlier(order)
    came = []
    for place, (line_id, arrived) in enumerate(lines.items()):
        row = rows[line_id]
        row.received, row.restocked = arrived.pieces, arrived.restocked
        row.written_off = arrived.written_off
        row.share, row.amount, row.tax = _share(
            row.line, order, arrived, earlier.get(line_id, _Earlier()), place
        )
        row.save(update_fields=["received", "restocked", "written_off", "share", "amount", "tax"])
        came.append(row)
    return sorted(came, key=lambda row: row.line.position)


def _share(
    line: OrderLine, order: Order, arrived: Arrived, earlier: _Earlier, place: int
) -> tuple[Decimal, Decimal, Decimal]:
    """What was charged for what came of a line, what is owed for it (tax included), and the tax within that.

    By all that has come back of it so far, so that a line which returns piece by piece gives back exactly what it cost.
    """
    charged, currency = charged_for(line), order.currency
    pieces = line.returned + arrived.pieces
    whole = max(round_half_up(charged * pieces / line.quantity, currency) - earlier.shares, ZERO)
    part = whole if arrived.amount is None else arrived.amount
    if part > whole or part < 0 or not has_minor_units_of(part, currency):
        raise invalid_field(
            f"lines.{place}.amount", "too_much",
            f"At most {format_amount(whole, currency)} {currency} is owed for that.",
        )  # fmt: skip
    taxed = ZERO
    if charged:
        taxed = round_half_up(line.tax * (earlier.charged(order) + part) / charged, currency)
    tax = max(taxed - earlier.taxes, ZERO)
    return whole, part if order.prices_include_tax else part + tax, tax


def _part(row: ReturnLine, order: Order) -> Decimal:
    """What is owed for a line, as the order's prices are: with tax or without."""
    part: Decimal = row.amount if order.prices_include_tax else row.amount - row.tax
    return part


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Of one line, what earlier returns stood for: what was charged, what was owed of it, and the tax within."""

    shares: Decimal = ZERO
    amounts: Decimal = ZERO
    taxes: Decimal = ZERO

    def charged(self, order: Order) -> Decimal:
        return self.amounts if order.prices_include_tax else self.amounts - self.taxes


def _earlier(order: Order) -> dict[int, _Earlier]:
    rows = ReturnLine.objects.filter(request__order=order, received__gt=0)
    sums = rows.values("line").annotate(
        shares=Sum("share"), amounts=Sum("amount"), taxes=Sum("tax")
    )
    return {row["line"]: _Earlier(row["shares"], row["amounts"], row["taxes"]) for row in sums}


def _items(rows: list[ReturnLine], column: str) -> dict[int, int]:
    """Pieces by stock item."""
    found: dict[int, int] = defaultdict(int)
    for row in rows:
        for item, pieces in takes(row.line).items():
            found[item] += pieces * getattr(row, column)
    return {item: pieces for item, pieces in found.items() if pieces}


def _delivery(order: Order, asked: ReturnRequest, wanted: Decimal) -> Decimal:
    """The tax of the part of the delivery fee that goes back, if there is as much left of it."""
    if not wanted:
        return ZERO
    others = ReturnRequest.objects.filter(order=order).exclude(pk=asked.pk)
    gone: Decimal = others.aggregate(n=Sum("delivery_refund"))["n"] or ZERO
    left = order.delivery_total - gone
    if wanted < 0 or wanted > left or not has_minor_units_of(wanted, order.currency):
        raise invalid_field(
            "delivery_refund", "too_much",
            f"At most {format_amount(max(left, ZERO), order.currency)} {order.currency} is left of the delivery fee.",
        )  # fmt: skip
    rate = order.delivery_tax / order.delivery_total
    before = round_half_up(rate * gone, order.currency)
    return round_half_up(rate * (gone + wanted), order.currency) - before
