"""What a payment means to the ledger. Steps of `settle`; each is safe to repeat.

Money that came in is the customer's (`customers.prepaid`) until a sale takes it: `orders.bookkeeping`. What stays there is
money that a person must look at.
"""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from common.actors import GATEWAY, Actor
from common.money import EXPONENTS, MAX_AMOUNT, has_minor_units_of, round_half_up
from ledger import chart
from ledger import services as ledger
from ledger.services import Line
from orders.models import Order
from payments.gateways.chapa import Success
from payments.models import Payment

log = logging.getLogger(__name__)

RECEIVED = "payment.received"
UNASSIGNED = "payment.unassigned"


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
