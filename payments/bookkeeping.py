"""What a payment means to the ledger. Steps of `settle`; each is safe to repeat.

Money that came in is the customer's (`customers.prepaid`) until a sale takes it: `orders.bookkeeping`. What stays there is
money that a person must look at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast

from common.actors import GATEWAY, SYSTEM, Actor
from common.money import EXPONENTS, MAX_AMOUNT, has_minor_units_of, round_half_up
from ledger import chart
from ledger import services as ledger
from ledger.models import Entry
from ledger.services import Line
from orders import services as orders
from orders.bookkeeping import SOLD, book_sale
from orders.models import Order
from orders.models import Status as OrderStatus
from payments.gateways.chapa import Success
from payments.models import Payment, Status

log = logging.getLogger(__name__)

RECEIVED = "payment.received"
UNASSIGNED = "payment.unassigned"
SOLD_STATES = [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED, OrderStatus.REFUNDED]


def book_received(*, payment: Payment, order: Order, by: Actor = GATEWAY) -> None:
    """A succeeded payment: the gateway holds its amount less its fee."""
    ledger.post(
        kind=RECEIVED,
        key=payment.reference,
        lines=receipt_lines(payment.method, payment.amount, payment.fee, payment.currency),
        by=by,
        order=order.public_id,
        occurred_at=payment.settled_at,
    )


def book_unassigned(*, payment: Payment, order: Order, success: Success, at: datetime) -> None:
    """Money that came in and does not pay the order: as much as the gateway says, in the currency that it says.

    Nothing is booked of what is not money here: another mode's, or an amount that cannot be read.
    """
    amount = success.amount
    if (
        amount is None
        or success.mode != settings.CHAPA_MODE
        or success.currency not in EXPONENTS
        or not 0 < amount <= MAX_AMOUNT
        or not has_minor_units_of(amount, success.currency)
    ):
        log.error("payment %s: what came cannot be booked", payment.reference)
        return
    ledger.post(
        kind=UNASSIGNED,
        key=payment.reference,
        lines=receipt_lines(payment.method, amount, success.fee, success.currency),
        by=GATEWAY,
        order=order.public_id,
        occurred_at=at,
    )


def take_back_unassigned(*, payment: Payment, note: str) -> None:
    """The money in review is gone again, or has found its place: nothing of it waits for a person any more."""
    entry = ledger.find(kind=UNASSIGNED, key=payment.reference)
    if entry is not None:
        ledger.reverse(entry, by=GATEWAY, note=note)


def receipt_lines(method: str, amount: Decimal, fee: Decimal | None, currency: str) -> list[Line]:
    """The gateway's account grows by what it will pay out, and the customer's by what they paid."""
    kept = round_half_up(fee or Decimal(0), currency)
    lines = [
        Line(chart.gateway(method), amount - kept, currency),
        Line(chart.GATEWAY_FEES, kept, currency),
        Line(chart.PREPAID, -amount, currency),
    ]
    return [line for line in lines if line.amount]


def book_missing(*, progress: Callable[[], object] = lambda: None) -> int:
    """Post what the ledger does not have of payments that succeeded and orders that are paid; returns how many entries.

    For what a release without a ledger settled while this one was being installed. Safe to repeat, and beside a busy shop.
    """
    booked = 0
    received = Entry.objects.filter(kind=RECEIVED, key=OuterRef("reference"))
    unbooked = Payment.objects.filter(~Exists(received), status=Status.SUCCEEDED).order_by("pk")
    for payment in list(unbooked.select_related("order")):
        with transaction.atomic():
            book_received(payment=payment, order=orders.lock_order(payment.order_id), by=SYSTEM)
        booked += 1
        progress()
    sold = Entry.objects.filter(kind=SOLD, key=Cast(OuterRef("public_id"), TextField()))
    unsold = Order.objects.filter(~Exists(sold), status__in=SOLD_STATES).exclude(
        total=0, discount_total=0
    )
    for pk in list(unsold.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            order = orders.lock_order(pk)
            paid = order.history.filter(status=OrderStatus.PAID).order_by("pk").first()
            book_sale(order=order, by=SYSTEM, at=paid.created_at if paid else None)
        booked += 1
        progress()
    return booked
