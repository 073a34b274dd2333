"""What customers are told about their orders. Each letter is an outbox row in the commit of the move it reports."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings

from account.identifiers import email_key
from common.limiter import Limit, TooManyRequests
from common.money import format_amount
from events.services import post_letter
from orders.models import Order, PaymentStatus

log = logging.getLogger(__name__)

UNPAID_PER_CONTACT = Limit("letter.unpaid_order", 5, timedelta(days=1))


def tell_paid(order: Order) -> None:
    """The receipt: what was bought, and that the money arrived."""
    lines = "\n".join(
        f"  {line.quantity} × {line.name}: {format_amount(line.total, order.currency)}"
        for line in sorted(order.lines.all(), key=lambda line: line.position)
    )
    _post(
        order,
        kind="paid",
        subject=f"Order {order.number} is paid",
        text=(
            f"Thank you! እናመሰግናለን!\n\nWe received your payment for order {order.number}.\n\n{lines}\n\n"
            f"Total: {_money(order)} (including VAT {format_amount(order.tax_total, order.currency)})\n"
        ),
        short=f"{settings.SHOP_NAME}: order {order.number} is paid, {_money(order)}. Thank you!",
    )


def tell_cancelled(order: Order) -> None:
    """The order ended without money."""
    if not _is_owners(order) and not _may_write_to(order.email or order.phone):
        return
    why = "because it was not paid in time" if order.cancel_reason == "expired" else "as requested"
    in_review = order.payment_status == PaymentStatus.REVIEW
    money = (
        "We will contact you about your payment." if in_review else "Nothing was charged for it."
    )
    _post(
        order,
        kind="cancelled",
        subject=f"Order {order.number} is cancelled",
        text=f"Order {order.number} ({_money(order)}) was cancelled {why}. {money}\n",
        short=f"{settings.SHOP_NAME}: order {order.number} was cancelled {why}.",
    )


def tell_payment_review(order: Order) -> None:
    """Money arrived that could not be matched to goods; a person takes over."""
    _post(
        order,
        kind="review",
        subject=f"Your payment for order {order.number}",
        text=(
            f"We received a payment for order {order.number} that we have to look at by hand, for example because it came"
            " after the order had ended. We will contact you; your money is not lost.\n"
        ),
        short=f"{settings.SHOP_NAME}: we are checking your payment for order {order.number}.",
    )


def _is_owners(order: Order) -> bool:
    """Whether the contact is one that the order's customer has proved. Customers, too, may name somebody else's."""
    owner = order.owner
    if owner is None:
        return False
    if order.email:
        return owner.email_verified_at is not None and email_key(order.email) == owner.email_key
    return owner.phone_verified_at is not None and order.phone == owner.phone


def _may_write_to(contact: str) -> bool:
    """Whoever places orders without paying may name any mailbox or telephone: we are no tool to flood them with."""
    try:
        if settings.RATE_LIMITS:
            UNPAID_PER_CONTACT.spend(email_key(contact))
    except TooManyRequests:
        log.warning("no more letters today about unpaid orders to one contact")
        return False
    return True


def _money(order: Order) -> str:
    return f"{format_amount(order.total, order.currency)} {order.currency}"


def _post(order: Order, *, kind: str, subject: str, text: str, short: str) -> None:
    if order.redacted_at is not None:
        return  # whoever it was asked to be forgotten, and was told what that means
    moves = order.history.count()
    key = f"order:{order.public_id}:{kind}:{moves}"
    if order.email:
        post_letter(to=order.email, subject=subject, text=text, dedupe_key=key)
    else:
        post_letter(to=order.phone, subject="", text=short, dedupe_key=key, channel="sms")
